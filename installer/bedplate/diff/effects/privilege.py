"""Privileges of pods and namespaces: capabilities, users, seccomp profiles, Pod Security Standards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.diff.effects.rule_effects import join_words
from bedplate.diff.rules import pod_paths
from bedplate.kube.change import Changes, ObjectChange
from bedplate.kube.snapshot import Resource

STANDARDS = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
ENFORCE = "pod-security.kubernetes.io/enforce"
EFFECTIVE = (
    ("run-as-root", "runAsUser", 0, True, "runs as root", "no longer runs as root"),
    ("run-as-non-root-dropped", "runAsNonRoot", True, False, "may run as root", "may no longer run as root"),
    ("seccomp-unconfined", "seccompProfile", "Unconfined", True, "may use every system call", "is confined by seccomp"),
)
"""Settings that a container inherits from its pod: rule, field, value, whether it is permissive, gained, lost."""
LEVELS = ("privileged", "baseline", "restricted")
"""From the most permissive one; a namespace without a label is privileged."""


def findings(changes: Changes) -> Iterator[DiffFinding]:
    """Yield gained and lost capabilities and settings, and changed Pod Security levels."""
    for change in changes.objects:
        if change.new is None:
            continue
        if change.identity.kind == "Namespace" and not change.identity.group and change.old:
            yield from _level(change, change.old, change.new)
        elif pod_paths.template(change.new) is not None:
            yield from _capabilities(change)
            yield from _effective(change)


def _level(change: ObjectChange, old: Resource, new: Resource) -> Iterator[DiffFinding]:
    before, after = _enforced(old), _enforced(new)
    path = ("metadata", "labels", ENFORCE)
    if LEVELS.index(after) < LEVELS.index(before):
        message = f"permits pods that it refused: Pod Security {before} → {after}"
        yield _finding("pod-security-loosened", Risk.SECURITY, change, message, path)
    if LEVELS.index(after) > LEVELS.index(before):
        message = f"refuses pods that it permitted, as soon as they are re-created: Pod Security {before} → {after}"
        yield _finding("pod-security-tightened", Risk.DISRUPTION, change, message, path)


def _enforced(namespace: Resource) -> str:
    labels = (namespace.object.get("metadata") or {}).get("labels") or {}
    level = labels.get(ENFORCE)
    return level if level in LEVELS else LEVELS[0]


def _capabilities(change: ObjectChange) -> Iterator[DiffFinding]:
    old, new = _by_container(change.old), _by_container(change.new)
    added = {name: now[0] - old.get(name, (set(), set()))[0] for name, now in new.items()}
    kept = {name: old[name][1] - now[1] for name, now in new.items() if name in old}
    if gained := {name: values for name, values in added.items() if values}:
        yield _finding("capability-added", Risk.SECURITY, change, f"gains capabilities: {_each(gained)}")
    if undropped := {name: values for name, values in kept.items() if values}:
        message = f"no longer drops capabilities: {_each(undropped)}"
        yield _finding("capability-kept", Risk.SECURITY, change, message)
    lost = {name: before[0] - new[name][0] for name, before in old.items() if name in new}
    if gone := {name: values for name, values in lost.items() if values}:
        yield _finding("capability-lost", Risk.NONE, change, f"loses capabilities: {_each(gone)}")


def _effective(change: ObjectChange) -> Iterator[DiffFinding]:
    """Yield settings by their effective values in each container, whether the pod or the container sets them."""
    for rule, key, value, permissive, gained, lost in EFFECTIVE:
        old, new = _settings(change.old, key), _settings(change.new, key)
        before = {name for name, one in old.items() if (one == value) == permissive}
        after = {name for name, one in new.items() if (one == value) == permissive}
        # A new container that leaves a setting out loses nothing; one with a permissive value gains a privilege.
        if names := sorted(name for name in after - before if name in old or permissive):
            yield _finding(rule, Risk.SECURITY, change, f"{gained}: {join_words(names)}")
        if names := sorted(name for name in before - after if name in new):
            yield _finding(f"{rule}-lost", Risk.NONE, change, f"{lost}: {join_words(names)}")


def _settings(resource: Resource | None, key: str) -> dict[str, Any]:
    """Return a setting of each container: its own, else its pod's."""
    spec = (pod_paths.spec(resource) if resource else None) or {}
    shared = _plain((spec.get("securityContext") or {}).get(key))
    own = {str(one.get("name", "")): (one.get("securityContext") or {}).get(key) for one in pod_paths.containers(spec)}
    return {name: shared if value is None else _plain(value) for name, value in own.items()}


def _plain(value: Any) -> Any:
    return value.get("type") if isinstance(value, dict) else value


def _by_container(resource: Resource | None) -> dict[str, tuple[set[str], set[str]]]:
    """Return the capabilities that each container adds and drops; CAP_NET_ADMIN is the same as NET_ADMIN."""
    spec = pod_paths.spec(resource) if resource else None
    return {
        str(one.get("name", "")): (_named(one, "add"), _named(one, "drop")) for one in pod_paths.containers(spec or {})
    }


def _named(container: dict[str, Any], verb: str) -> set[str]:
    capabilities = (container.get("securityContext") or {}).get("capabilities") or {}
    return {str(name).removeprefix("CAP_") for name in capabilities.get(verb) or []}


def _each(by_container: dict[str, set[str]]) -> str:
    return "; ".join(f"{join_words(sorted(values))} ({name})" for name, values in sorted(by_container.items()))


def _finding(rule: str, risk: Risk, change: ObjectChange, message: str, path: tuple[str, ...] = ()) -> DiffFinding:
    return DiffFinding(rule, risk, change.identity, message, path, change.resource.component, STANDARDS)
