"""States of stacks: Pulumi's checkpoint files on the bastion, their copies, and how a cut checkpoint is restored."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bedplate.cluster.stack_name import StackName
from bedplate.config.environments import Site
from bedplate.core import files
from bedplate.kube import object_id
from bedplate.kube.object_id import ObjectId

MAX_COPIES = 10
"""Number of copies of a stack's last states that are kept."""
MAX_RUNS = 20
"""Number of a stack's last runs of which Pulumi's own history is kept."""

PROJECT, OBJECT = "bedplate-", "kubernetes:"
"""Start of the names of projects, and of the types of objects."""

Json = dict[str, Any]


def backend(site: Site) -> Path:
    """Return the folder of an environment's states."""
    return site.state / "pulumi" / ".pulumi"


def state_file(site: Site, stack: StackName) -> Path:
    """Return the path of a stack's state."""
    return backend(site) / "stacks" / stack.project / f"{stack.in_pulumi(site)}.json"


def read_state(path: Path) -> Json | None:
    """Return a checkpoint file's content; None if it is absent, empty or cut."""
    try:
        state = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return state if isinstance(state, dict) and isinstance(state.get("checkpoint"), dict) else None


def resources(state: Json | None) -> list[Json]:
    """Return the resources in a checkpoint."""
    latest = (state or {}).get("checkpoint", {}).get("latest") or {}
    return latest.get("resources") or []


def identities(state: Json | None) -> dict[ObjectId, Json]:
    """Return the objects in a checkpoint as they were sent, by identity."""
    present = (one for one in resources(state) if not one.get("delete"))
    return {identity: one["inputs"] for one in present if (identity := _identity(one))}


def stacks(site: Site) -> list[StackName]:
    """Return the stacks of an environment that have a state."""
    found = []
    for path in (backend(site) / "stacks").glob(f"{PROJECT}*/*.json"):
        environment, dot, part = path.name.removesuffix(".json").partition(".")
        if environment == site.environment.name and bool(dot) == bool(part):
            found.append(StackName(path.parent.name.removeprefix(PROJECT), part))
    return sorted(found)


def applied(site: Site) -> dict[StackName, dict[ObjectId, Json]]:
    """Return the objects of each stack of an environment, as its last run sent them; secret values are encrypted."""
    return {stack: identities(read_state(state_file(site, stack))) for stack in stacks(site)}


def forget(site: Site, stack: StackName, moved: Collection[ObjectId]) -> None:
    """Remove objects from a stack's state, but not from the cluster, because another stack has them.

    Args:
        site: the environment, which nothing else changes meanwhile.
        stack: the stack.
        moved: the objects.
    """
    path = state_file(site, stack)
    state = read_state(path)
    gone = {one["urn"] for one in resources(state) if _identity(one) in moved}
    if state is None or not gone:
        return
    latest = state["checkpoint"]["latest"]
    latest["resources"] = [_without(one, gone) for one in latest["resources"] if one["urn"] not in gone]
    files.write_atomic(path, json.dumps(state, indent=4), mode=0o600)


def _identity(resource: Json) -> ObjectId | None:
    inputs = resource.get("inputs") or {}
    is_object = str(resource["type"]).startswith(OBJECT) and "kind" in inputs
    return object_id.of(inputs) if is_object else None


def _without(resource: Json, gone: Collection[str]) -> Json:
    """Return a resource without its dependencies on others that are gone; Pulumi refuses a state with such."""
    changed = dict(resource)
    if "dependencies" in changed:
        changed["dependencies"] = [urn for urn in changed["dependencies"] or [] if urn not in gone]
    if "propertyDependencies" in changed:
        changed["propertyDependencies"] = {
            key: [urn for urn in urns or [] if urn not in gone]
            for key, urns in (changed["propertyDependencies"] or {}).items()
        }
    if changed.get("deletedWith") in gone:
        del changed["deletedWith"]
    return changed


def has_pending_operations(state: Json | None) -> bool:
    """Return whether a killed run left operations open."""
    return bool(((state or {}).get("checkpoint", {}).get("latest") or {}).get("pending_operations"))


def ensure_readable(site: Site, stack: StackName) -> str:
    """Restore a checkpoint that a power failure or a full disk cut, from the newest good copy.

    What was applied after that copy is applied again. Without a good copy, the file is set aside, and the next run
    takes over the objects in the cluster.

    Args:
        site: the environment, which nothing else changes meanwhile.
        stack: the stack.

    Returns:
        What was done, for people; empty if the checkpoint is good or there is none.
    """
    path = state_file(site, stack)
    if not path.exists() or read_state(path) is not None:
        return ""
    good = max((copy for copy in _candidates(site, stack) if read_state(copy)), key=_changed, default=None)
    aside = path.with_name(f"{path.name}.corrupted")
    if good is None:
        path.replace(aside)
        return f"the state of stack {stack} was corrupted and has no copy: its objects are taken over"
    shutil.copy2(path, aside)
    when = datetime.fromtimestamp(_changed(good), UTC)
    files.write_atomic(path, good.read_bytes(), mode=0o600)
    return f"the state of stack {stack} was corrupted: restored the copy of {when:%Y-%m-%d %H:%M:%S} UTC"


def keep_copy(site: Site, stack: StackName) -> None:
    """Copy a stack's state, if it is good; keep the last copies, and the last runs of Pulumi's own history."""
    path = state_file(site, stack)
    if read_state(path) is None:
        return
    folder = _copies(site, stack)
    folder.mkdir(parents=True, exist_ok=True)
    files.write_atomic(folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.json", path.read_bytes(), mode=0o600)
    _prune(folder.glob("*.json"), MAX_COPIES)
    for name in ("history", "backups"):
        _prune((backend(site) / name / stack.project / stack.in_pulumi(site)).glob("*"), 2 * MAX_RUNS)


def _copies(site: Site, stack: StackName) -> Path:
    return site.state / "pulumi" / "copies" / stack.layer / (stack.part or "all")


def _candidates(site: Site, stack: StackName) -> Iterator[Path]:
    """Yield copies of a state: Pulumi's own of the state before its last change, and those of the last runs."""
    path = state_file(site, stack)
    yield from path.parent.glob(f"{path.name}.bak*")
    yield from _copies(site, stack).glob("*.json")
    if not stack.part:
        yield from (site.state / "pulumi" / "copies").glob(f"{stack.layer}-*.json")


def _changed(path: Path) -> float:
    return path.stat().st_mtime


def _prune(paths: Iterable[Path], kept: int) -> None:
    """Remove all but the newest files; their names contain their time."""
    for old in sorted(paths)[:-kept]:
        old.unlink()
