"""ConfigMaps and Secrets that change or are deleted while workloads read them."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Any

from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.diff.effects.restart import ROLLING_KINDS, recreates_pods
from bedplate.diff.effects.rule_effects import join_words
from bedplate.diff.rules import pod_paths
from bedplate.kube.change import Action, Changes, ObjectChange
from bedplate.kube.object_id import ObjectId
from bedplate.kube.snapshot import Resource, Snapshot

KINDS = ("ConfigMap", "Secret")
FIELDS = ("data", "binaryData", "stringData")
SOURCE = "https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically"


class ReadMode(IntEnum):
    """How a pod reads a ConfigMap or Secret; the higher one counts for a pod that reads in both ways."""

    MOUNTED = 1
    """As a file: the kubelet updates it."""
    ONCE = 2
    """When it starts: in its environment, or as a file with subPath."""


Readers = dict[ObjectId, ReadMode]


def findings(new: Snapshot, changes: Changes) -> Iterator[DiffFinding]:
    """Yield ConfigMaps and Secrets that are deleted while they are used, or that change without new pods."""
    changed = {
        change.identity: change
        for change in changes.objects
        if change.identity.kind in KINDS and not change.identity.group and _content_differs(change)
    }
    if changed:
        for key, readers in sorted(_readers(new, changes, changed).items()):
            yield from _findings_of(changed[key], readers)


def _content_differs(change: ObjectChange) -> bool:
    if change.action is Action.REMOVED:
        return True
    return change.action is Action.CHANGED and any(one.path[:1] and one.path[0] in FIELDS for one in change.changes)


def _readers(new: Snapshot, changes: Changes, changed: dict[ObjectId, ObjectChange]) -> dict[ObjectId, Readers]:
    """Return who reads what changed, apart from workloads that start new pods anyway."""
    with_new_pods = {
        change.identity for change in changes.objects if change.action is not Action.CHANGED or recreates_pods(change)
    }
    found: dict[ObjectId, Readers] = {}
    names: dict[str, set[str]] = {}
    for key in changed:
        names.setdefault(key.namespace, set()).add(key.name)
    for resource in new.resources.values():
        for key, mode in _reads(resource, names.get(resource.identity.namespace)):
            if key in changed and (resource.identity not in with_new_pods or changed[key].action is Action.REMOVED):
                readers = found.setdefault(key, {})
                readers[resource.identity] = max(mode, readers.get(resource.identity, mode))
    return found


def _findings_of(change: ObjectChange, readers: Readers) -> Iterator[DiffFinding]:
    def finding(rule: str, risk: Risk, message: str) -> DiffFinding:
        return DiffFinding(rule, risk, change.identity, message, (), change.resource.component, SOURCE)

    if change.action is Action.REMOVED:
        message = f"is deleted, but the pods of {_names(readers)} still read it: new ones will not start"
        yield finding("config-missing", Risk.DISRUPTION, message)
        return
    once = [key for key, mode in readers.items() if mode is ReadMode.ONCE and key.kind not in ("Job", "CronJob")]
    if once:
        message = f"changes, but has no effect until the pods of {_names(once)} are re-created"
        yield finding("config-not-reloaded", Risk.NONE, message)
    running = (*ROLLING_KINDS, "ReplicaSet", "Pod")
    later = [key for key, mode in readers.items() if mode is ReadMode.MOUNTED and key.kind in running]
    if later:
        message = f"reaches the pods of {_names(later)} as a file within two minutes; none is re-created"
        yield finding("config-read-later", Risk.NONE, message)


def _names(readers: Readers | list[ObjectId]) -> str:
    return join_words(f"{key.kind} {key.name}" for key in sorted(readers))


def _reads(resource: Resource, names: set[str] | None) -> Iterator[tuple[ObjectId, ReadMode]]:
    """Yield what a workload's pods read, if the workload contains one of the names."""
    if not names or pod_paths.template(resource) is None or not resource.mentions(names):
        return
    for kind, name, mode in _references(pod_paths.spec(resource) or {}):
        yield ObjectId("", kind, resource.identity.namespace, name), mode


def _references(spec: dict[str, Any]) -> Iterator[tuple[str, str, ReadMode]]:
    """Yield the kind and name of each ConfigMap and Secret that a pod spec refers to."""
    for volume in spec.get("volumes") or []:
        mode = ReadMode.ONCE if volume.get("name") in _mounted_by_subpath(spec) else ReadMode.MOUNTED
        for source in (volume, *((volume.get("projected") or {}).get("sources") or [])):
            yield from ((kind, name, mode) for kind, name in _volume_source(source))
    for container in pod_paths.containers(spec):
        for source in container.get("envFrom") or []:
            yield from ((kind, name, ReadMode.ONCE) for kind, name in _env_source(source, "Ref"))
        for variable in container.get("env") or []:
            value = variable.get("valueFrom") or {}
            yield from ((kind, name, ReadMode.ONCE) for kind, name in _env_source(value, "KeyRef"))


def _mounted_by_subpath(spec: dict[str, Any]) -> set[str]:
    return {
        str(mount.get("name"))
        for container in pod_paths.containers(spec)
        for mount in container.get("volumeMounts") or []
        if mount.get("subPath") or mount.get("subPathExpr")
    }


def _volume_source(volume: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if name := (volume.get("configMap") or {}).get("name"):
        yield "ConfigMap", name
    secret = volume.get("secret") or {}
    if name := secret.get("secretName") or secret.get("name"):
        yield "Secret", name


def _env_source(value: dict[str, Any], suffix: str) -> Iterator[tuple[str, str]]:
    for kind, key in (("ConfigMap", "configMap"), ("Secret", "secret")):
        reference = value.get(f"{key}{suffix}") or {}
        if reference.get("name") and not reference.get("optional"):
            yield kind, reference["name"]
