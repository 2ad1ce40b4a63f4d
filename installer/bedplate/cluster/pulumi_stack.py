"""Door to Pulumi: the Automation API with inline programs, wholly offline.

One project ``bedplate-<layer>`` per layer, one stack per environment; the state is a file backend on
the bastion, ``<state>/pulumi``. Nothing is asked of api.pulumi.com and no plugin is ever fetched.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.runtime import stack as pulumi_loop

from bedplate.artifacts import find_program
from bedplate.cluster import pulumi_resources
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.core import files
from bedplate.core.errors import BedplateError
from bedplate.render.rendered import RenderedObject

MAX_STATE_COPIES = 10
UNCHANGED = ("same", "read", "refresh")
PAUSE = 0.002
Say = Callable[[str], None]


class _Pausing:
    """Module asyncio with a sleep that lets go of the processor.

    While workloads start, Pulumi's loop spins on ``asyncio.sleep(0)`` and takes half a core from them.
    """

    async def sleep(self, delay: float) -> None:
        await asyncio.sleep(max(delay, PAUSE))

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


pulumi_loop.asyncio = _Pausing()  # type: ignore[assignment, attr-defined]


@dataclass(frozen=True, slots=True)
class UpResult:
    """What a run did, or would do.

    Attributes:
        changed: objects created, updated, replaced or deleted.
        total: objects in the stack.
        operations: the same by kind: {"create": 3, "same": 40}.
    """

    changed: int
    total: int
    operations: dict[str, int]


@dataclass(slots=True)
class _Listener:
    """Turns engine events into progress lines and remembers what failed."""

    say: Say
    errors: list[str] = field(default_factory=list)
    operations: dict[str, int] = field(default_factory=dict)

    def __call__(self, event: automation.EngineEvent) -> None:
        if event.res_outputs_event:
            self._done(event.res_outputs_event.metadata)
        if event.summary_event:
            self.operations = {str(key): n for key, n in (event.summary_event.resource_changes or {}).items()}
        if event.diagnostic_event and event.diagnostic_event.severity == "error":
            self._failed(event.diagnostic_event)

    def _done(self, metadata: Any) -> None:
        operation = str(getattr(metadata.op, "value", metadata.op))
        if operation not in UNCHANGED and "pulumi:" not in str(metadata.type):
            self.say(f"{operation} {resource_name(metadata.urn)}")

    def _failed(self, diagnostic: automation.DiagnosticEvent) -> None:
        text = " ".join(_plain(diagnostic.message).split())
        if text and text != "update failed":
            self.errors.append(f"{resource_name(diagnostic.urn)}: {text}" if diagnostic.urn else text)


def up(site: Site, layer: str, objects: Sequence[RenderedObject], catalog: Catalog, say: Say = print) -> UpResult:
    """Bring a layer of the cluster to the rendered state and wait for its workloads.

    What the cluster has is read first: an object that somebody deleted or changed is no change to the stack's state.

    Args:
        site: the environment.
        layer: the layer's name.
        objects: the layer's objects, as render gave them.
        catalog: the release, for the components' order.
        say: told each change as it is made.
    """
    stack = _stack(site, layer, objects, catalog)
    _drop_pending(site, layer, stack)
    listener = _Listener(say)
    try:
        result = _unlocked(stack, lambda: stack.up(refresh=True, on_event=listener, color="never", show_secrets=False))
        operations = {str(key): count for key, count in (result.summary.resource_changes or {}).items()}
    except automation.CommandError as error:
        raise _error(layer, listener, error) from error
    finally:
        _copy_aside(site, layer)
    return _result(operations)


def resource_name(urn: str) -> str:
    """Return a resource's name out of its URN."""
    return urn.rpartition("::")[2]


def environment_variables(site: Site) -> dict[str, str]:
    """Return Pulumi's settings for an environment; secrets stay in files."""
    folder = site.state / "pulumi"
    return {
        "PULUMI_BACKEND_URL": f"file://{folder}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(folder / "passphrase"),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_CREDENTIAL_STORE": "plaintext",
        "PULUMI_SUPPRESS_NEO_LINK": "true",
        # What the release renders wins over edits by hand: the objects are the release's.
        "PULUMI_K8S_ENABLE_PATCH_FORCE": "true",
    }


def ensure_home(site: Site, catalog: Catalog | None = None) -> Path:
    """Make the environment's Pulumi folders, passphrase and plugin place; return the CLI."""
    folder = site.state / "pulumi"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (folder / "passphrase").exists():
        files.write_atomic(folder / "passphrase", secrets.token_urlsafe(32), mode=0o600)
    _ensure_plugin(folder / "home", catalog)
    return find_program.find("pulumi", "pulumi", catalog)


def _ensure_plugin(home: Path, catalog: Catalog | None) -> None:
    """Point PULUMI_HOME at the release's provider: a folder with a link, as the CLI ignores linked folders."""
    program = find_program.find("pulumi-kubernetes", "pulumi-resource-kubernetes", catalog)
    place = home / "plugins" / f"resource-kubernetes-v{pulumi_resources.plugin_version()}" / program.name
    if place.is_symlink() and place.readlink() == program:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(program)


def program_of(site: Site, objects: Sequence[RenderedObject], catalog: Catalog) -> Callable[[], None]:
    """Return the one program of a layer: it declares the layer's objects."""
    requires = {name: list(component.requires) for name, component in catalog.components.items()}
    return lambda: pulumi_resources.declare(site, objects, requires)


def work_folder(site: Site, layer: str) -> Path:
    """Return the folder that holds the layer's Pulumi.yaml and its stack's settings."""
    return site.state / "pulumi" / "work" / layer


def ensure_stack(site: Site, layer: str, objects: Sequence[RenderedObject], catalog: Catalog) -> Path:
    """Make a layer's project and stack if they are not there yet; return the CLI that knows them."""
    _stack(site, layer, objects, catalog)
    return find_program.find("pulumi", "pulumi", catalog)


def _stack(site: Site, layer: str, objects: Sequence[RenderedObject], catalog: Catalog) -> automation.Stack:
    program = ensure_home(site, catalog)
    # The passphrase's file must win: an empty variable counts as a passphrase.
    os.environ.pop("PULUMI_CONFIG_PASSPHRASE", None)
    project = f"bedplate-{layer}"
    work = work_folder(site, layer)
    work.mkdir(parents=True, exist_ok=True)
    return automation.create_or_select_stack(
        site.environment.name,
        project_name=project,
        program=program_of(site, objects, catalog),
        opts=automation.LocalWorkspaceOptions(
            work_dir=str(work),
            pulumi_command=automation.PulumiCommand(root=str(_root(site, program))),
            project_settings=automation.ProjectSettings(name=project, runtime="python"),
            secrets_provider="passphrase",
            env_vars=environment_variables(site),
        ),
    )


def _root(site: Site, program: Path) -> Path:
    """Return a folder with bin/pulumi, the form in which the Automation API wants the CLI."""
    root = site.state / "pulumi" / "cli"
    link = root / "bin" / "pulumi"
    if not (link.is_symlink() and link.readlink() == program):
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(program)
    return root


def _unlocked(stack: automation.Stack, call: Callable[[], Any]) -> Any:
    """Run a command; a lock left by a killed run is broken once: the engine's own lock admits one run at a time."""
    try:
        return call()
    except automation.ConcurrentUpdateError:
        stack.cancel()
        return call()


def _drop_pending(site: Site, layer: str, stack: automation.Stack) -> None:
    """Forget operations that a killed run left open: server-side apply makes doing them again safe."""
    path = state_file(site, layer)
    state = json.loads(path.read_bytes()) if path.exists() else {}
    if not (state.get("checkpoint", {}).get("latest") or {}).get("pending_operations"):
        return
    deployment = _unlocked(stack, stack.export_stack)
    deployment.deployment["pending_operations"] = []
    _unlocked(stack, lambda: stack.import_stack(deployment))


def state_file(site: Site, layer: str) -> Path:
    """Return the file with a layer's state."""
    return site.state / "pulumi/.pulumi/stacks" / f"bedplate-{layer}" / f"{site.environment.name}.json"


def _copy_aside(site: Site, layer: str) -> None:
    """Keep the last few states of a layer beside the backend."""
    path = state_file(site, layer)
    if not path.exists():
        return
    folder = site.state / "pulumi" / "copies"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, folder / f"{layer}-{datetime.now(UTC):%Y%m%dT%H%M%S}.json")
    for old in sorted(folder.glob(f"{layer}-*.json"))[:-MAX_STATE_COPIES]:
        old.unlink()


def _result(operations: dict[str, int]) -> UpResult:
    changed = sum(count for name, count in operations.items() if name not in UNCHANGED)
    return UpResult(changed, sum(operations.values()), operations)


def _error(layer: str, listener: _Listener, error: automation.CommandError) -> BedplateError:
    lines = listener.errors or [line for line in str(error).splitlines() if "error" in line.lower()][-5:]
    return BedplateError(f"stack {layer}", "could not be applied:\n" + "\n".join(lines or [str(error)[-2000:]]))


def _plain(text: str) -> str:
    """Return a message without Pulumi's colour marks (<{%reset%}>)."""
    while "<{%" in text:
        head, _, rest = text.partition("<{%")
        text = head + rest.partition("%}>")[2]
    return text
