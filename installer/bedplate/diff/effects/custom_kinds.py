"""Changed CustomResourceDefinitions: versions served and stored, fields added, removed and restricted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bedplate.diff.effects import schema_fields
from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.diff.effects.rule_effects import join_words
from bedplate.kube.change import Action, Changes, ElementKey, ObjectChange, Path
from bedplate.kube.snapshot import Resource, Snapshot

KIND = "CustomResourceDefinition"
VERSIONING = (
    "https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/"
)
SCHEMA = (
    "https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning"
)
SHOWN = 12


def findings(new: Snapshot, changes: Changes) -> Iterator[DiffFinding]:
    """Yield the effects of a changed definition on the objects of its kind."""
    for change in changes.objects:
        if change.identity.kind == KIND and change.action is Action.CHANGED and change.old and change.new:
            yield from _versions(change, change.old, change.new)
            yield from _schemas(change, change.old, change.new)
    yield from _unserved(new, changes)


def _by_name(resource: Resource) -> dict[str, dict[str, Any]]:
    versions = (resource.object.get("spec") or {}).get("versions") or []
    return {str(one.get("name")): one for one in versions if isinstance(one, dict)}


def _versions(change: ObjectChange, old: Resource, new: Resource) -> Iterator[DiffFinding]:
    before, after = _by_name(old), _by_name(new)
    for name, was in before.items():
        now = after.get(name)
        if now is None:
            yield _dropped(change, old, name, was)
        elif was.get("served", True) and not now.get("served", True):
            message = f"no longer serves {name}: objects written in it are refused"
            yield _finding("crd-version-unserved", Risk.DISRUPTION, change, message, _path(name, "served"))
    for name in [name for name in after if name not in before]:
        yield _finding("crd-version-added", Risk.NONE, change, f"also serves {name}", _path(name))
    stored = [next((n for n, one in versions.items() if one.get("storage")), "") for versions in (before, after)]
    if stored[0] != stored[1] and all(stored) and stored[0] in after:
        message = (
            f"stores objects as {stored[1]} instead of {stored[0]}; existing objects change when they are next written"
        )
        yield _finding("crd-storage-moved", Risk.DATA, change, message, _path(stored[1], "storage"))


def _dropped(change: ObjectChange, old: Resource, name: str, was: dict[str, Any]) -> DiffFinding:
    status = (old.object.get("status") or {}).get("storedVersions") or []
    if was.get("storage") or name in status:
        message = f"drops {name}, in which objects are stored: they become unreadable, and the API server refuses this"
        return _finding("crd-stored-version-dropped", Risk.DATA, change, message, _path(name))
    message = f"drops {name}: objects written in it are refused"
    return _finding("crd-version-dropped", Risk.DISRUPTION, change, message, _path(name))


def _schemas(change: ObjectChange, old: Resource, new: Resource) -> Iterator[DiffFinding]:
    before, after = _by_name(old), _by_name(new)
    for name in [name for name in after if name in before]:
        found = schema_fields.compare_fields(_schema(before[name]), _schema(after[name]))
        for rule, risk, words, some in (
            ("crd-field-removed", Risk.DATA, "loses fields, and objects lose their values", found.removed),
            ("crd-field-type", Risk.DATA, "changes the types of fields, and refuses old values", found.typed),
            ("crd-field-required", Risk.DISRUPTION, "requires more fields", found.required),
            ("crd-field-stricter", Risk.DISRUPTION, "refuses values that it accepted", found.stricter),
            ("crd-field-default", Risk.NONE, "changes defaults", found.defaults),
            ("crd-field-added", Risk.NONE, "gains fields", found.added),
        ):
            if some:
                yield _finding(
                    rule, risk, change, f"{name} {words}: {join_words(some, SHOWN)}", _path(name, "schema"), SCHEMA
                )


def _schema(version: dict[str, Any]) -> Any:
    return (version.get("schema") or {}).get("openAPIV3Schema")


def _path(name: str, *more: str) -> Path:
    return ("spec", "versions", ElementKey((("name", name),)), *more)


def _unserved(new: Snapshot, changes: Changes) -> Iterator[DiffFinding]:
    """Yield objects written in a version that their definition in the same snapshot does not serve.

    Only changed objects, and the objects of changed definitions, are checked.
    """
    touched = {change.identity for change in changes.objects if change.new}
    moved = {_pair(new.resources[key]) for key in touched if key.kind == KIND}
    keys = sorted(key for key in new.resources if key[:2] in moved or key in touched)
    kinds: dict[str, set[str]] = {}
    for key in (key for key in keys if key[:2] in moved or "." in key.group):
        kinds.setdefault(key.group, set()).add(key.kind)
    served = {
        _pair(resource): {name for name, one in _by_name(resource).items() if one.get("served", True)}
        for key, resource in new.resources.items()
        if key.kind == KIND and resource.mentions(kinds.get(key.name.partition(".")[2], ()))
    }
    for key in keys:
        versions, resource = served.get(key[:2]), new.resources[key]
        version = str(resource.object.get("apiVersion")).rpartition("/")[2]
        if versions and version not in versions:
            message = f"is refused: its definition does not serve {version}"
            yield DiffFinding(
                "custom-version-not-served",
                Risk.DISRUPTION,
                key,
                message,
                ("apiVersion",),
                resource.component,
                VERSIONING,
            )


def _pair(definition: Resource) -> tuple[str, str]:
    """Return the group and kind that a definition defines."""
    spec = definition.object.get("spec") or {}
    return str(spec.get("group")), str((spec.get("names") or {}).get("kind"))


def _finding(  # noqa: PLR0913, PLR0917  a finding's parts
    rule: str, risk: Risk, change: ObjectChange, message: str, path: Path, source: str = VERSIONING
) -> DiffFinding:
    return DiffFinding(rule, risk, change.identity, message, path, change.resource.component, source)
