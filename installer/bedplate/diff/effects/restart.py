"""Workloads whose pods are made anew, and those that go on with a configuration that has changed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.diff.effects.rule_effects import join_words
from bedplate.diff.rules import pod_paths
from bedplate.diff.rules.match import touched_values
from bedplate.kube.change import Action, Changes, ObjectChange, path_text
from bedplate.kube.object_id import ObjectId
from bedplate.kube.snapshot import Resource, Snapshot

KINDS = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds whose controllers roll a changed template out."""
ROLLING = "https://kubernetes.io/docs/concepts/workloads/controllers/"
CONFIG = "https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically"
SHOWN = 3


def restarted_workloads(changes: Changes) -> tuple[ObjectId, ...]:
    """Return the workloads whose running pods are made anew by their controllers."""
    return tuple(change.identity for change in changes.objects if _rolls(change))


def findings(new: Snapshot, changes: Changes) -> Iterator[DiffFinding]:
    """Yield a finding for each workload that restarts, and each configuration that is not read anew."""
    for change in changes.objects:
        if _rolls(change):
            yield _restart(change)
        elif _waits(change):
            message = "changes nothing yet: its pods stay as they are until each is deleted (OnDelete)"
            where = pod_paths.template(change.resource) or ()
            yield DiffFinding(
                "pods-not-replaced", Risk.NONE, change.identity, message, where, change.resource.component, ROLLING
            )
    yield from _unread(new, changes)


def _rolls(change: ObjectChange) -> bool:
    return _changes_template(change) and _strategy(change.resource).get("type") != "OnDelete"


def _waits(change: ObjectChange) -> bool:
    return _changes_template(change) and _strategy(change.resource).get("type") == "OnDelete"


def _changes_template(change: ObjectChange) -> bool:
    mine = change.action is Action.CHANGED and change.identity.kind in KINDS
    return mine and bool(touched_values(change, pod_paths.template(change.resource) or ()))


def _restart(change: ObjectChange) -> DiffFinding:
    where = pod_paths.template(change.resource) or ()
    paths = [path_text(one.path[len(where) :]) for one in change.changes if one.path[: len(where)] == where]
    why = join_words([*paths[:SHOWN], *([f"{len(paths) - SHOWN} more"] if len(paths) > SHOWN else [])])
    reason = f" ({why} changed)" if any(paths) else ""
    gap = _gap(change.resource)
    rule, risk = ("pods-restart-gap", Risk.DISRUPTION) if gap else ("pods-restart", Risk.RESTART)
    message = f"makes its pods anew{f', {gap}' if gap else ''}{reason}"
    return DiffFinding(rule, risk, change.identity, message, where, change.resource.component, ROLLING)


def _strategy(resource: Resource) -> dict[str, Any]:
    spec = resource.object.get("spec") or {}
    return spec.get("strategy") or spec.get("updateStrategy") or {}


def _gap(resource: Resource) -> str:
    """Return why nothing serves while the pods are made anew; empty if some always do."""
    spec, strategy = resource.object.get("spec") or {}, _strategy(resource)
    replicas = 1 if spec.get("replicas") is None else spec["replicas"]
    if resource.identity.kind == "DaemonSet" or not isinstance(replicas, int) or replicas == 0:
        return ""
    if resource.identity.kind == "StatefulSet":
        return "the only one stops first" if replicas == 1 else ""
    if strategy.get("type") == "Recreate":
        return "all of them stop first (Recreate)"
    rolling = strategy.get("rollingUpdate") or {}
    unavailable = _count(rolling.get("maxUnavailable", "25%"), replicas, math.floor)
    surge = _count(rolling.get("maxSurge", "25%"), replicas, math.ceil)
    # The controller lets one be unavailable where both would be none.
    unavailable = unavailable or (0 if surge else 1)
    return (
        f"all of them may stop first (maxUnavailable is {unavailable} of {replicas})" if unavailable >= replicas else ""
    )


def _count(value: Any, replicas: int, rounded: Any) -> int:
    """Return a number or a percentage of the replicas.

    Rounding: https://github.com/kubernetes/kubernetes/blob/v1.34.3/pkg/controller/deployment/util/deployment_util.go
    """
    text = str(value)
    return (
        int(rounded(int(text[:-1]) * replicas / 100))
        if text.endswith("%") and text[:-1].isdigit()
        else (int(text) if text.isdigit() else 0)
    )


def _unread(new: Snapshot, changes: Changes) -> Iterator[DiffFinding]:
    """Yield ConfigMaps and Secrets whose readers are not made anew, or that are deleted under their readers."""
    mine = {
        change.identity: change
        for change in changes.objects
        if change.identity.kind in ("ConfigMap", "Secret") and not change.identity.group and _content(change)
    }
    if not mine:
        return
    fresh = {change.identity for change in changes.objects if change.action is not Action.CHANGED or _rolls(change)}
    readers: dict[ObjectId, dict[ObjectId, str]] = {}
    names: dict[str, set[str]] = {}
    for key in mine:
        names.setdefault(key.namespace, set()).add(key.name)
    for resource in new.resources.values():
        words = names.get(resource.identity.namespace)
        if not words or pod_paths.template(resource) is None or not resource.mentions(words):
            continue
        for kind, name, how in _reads(pod_paths.spec(resource) or {}):
            key = ObjectId("", kind, resource.identity.namespace, name)
            if key in mine and (resource.identity not in fresh or mine[key].action is Action.REMOVED):
                held = readers.setdefault(key, {})
                # "mounted" < "once": what a pod reads in both ways it also keeps.
                held[resource.identity] = max(how, held.get(resource.identity, how))
    for key, held in sorted(readers.items()):
        yield from _told(mine[key], held)


def _content(change: ObjectChange) -> bool:
    """Return whether what readers see differs."""
    if change.action is Action.REMOVED:
        return True
    fields = ("data", "binaryData", "stringData")
    return change.action is Action.CHANGED and any(one.path[:1] and one.path[0] in fields for one in change.changes)


def _told(change: ObjectChange, held: dict[ObjectId, str]) -> Iterator[DiffFinding]:
    def finding(rule: str, risk: Risk, message: str) -> DiffFinding:
        return DiffFinding(rule, risk, change.identity, message, (), change.resource.component, CONFIG)

    if change.action is Action.REMOVED:
        message = f"is deleted, and {_names(held)} still read it: new pods do not start"
        yield finding("config-missing", Risk.DISRUPTION, message)
        return
    once = {key: how for key, how in held.items() if how == "once"}
    later = {key: how for key, how in held.items() if how == "mounted" and key.kind in (*KINDS, "ReplicaSet", "Pod")}
    if once := {key: how for key, how in once.items() if key.kind not in ("Job", "CronJob")}:
        message = f"changes nothing yet: {_names(once)} keep the old content until their pods are made anew"
        yield finding("config-not-reloaded", Risk.NONE, message)
    if later:
        message = f"reaches {_names(later)} as a file within a minute or two; no pod is made anew"
        yield finding("config-read-later", Risk.NONE, message)


def _names(held: dict[ObjectId, str]) -> str:
    return join_words(f"{key.kind} {key.name}" for key in sorted(held))


def _reads(spec: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield what a pod reads: kind, name, and whether only once (environment, subPath) or as a mounted file."""
    single = {
        mount.get("name")
        for container in pod_paths.containers(spec)
        for mount in container.get("volumeMounts") or []
        if mount.get("subPath") or mount.get("subPathExpr")
    }
    for volume in spec.get("volumes") or []:
        how = "once" if volume.get("name") in single else "mounted"
        for source in (volume, *((volume.get("projected") or {}).get("sources") or [])):
            yield from ((kind, name, how) for kind, name in _sources(source))
    for container in pod_paths.containers(spec):
        for source in container.get("envFrom") or []:
            yield from ((kind, name, "once") for kind, name in _references(source, "Ref"))
        for variable in container.get("env") or []:
            yield from ((kind, name, "once") for kind, name in _references(variable.get("valueFrom") or {}, "KeyRef"))


def _sources(volume: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if name := (volume.get("configMap") or {}).get("name"):
        yield "ConfigMap", name
    secret = volume.get("secret") or {}
    if name := secret.get("secretName") or secret.get("name"):
        yield "Secret", name


def _references(value: dict[str, Any], suffix: str) -> Iterator[tuple[str, str]]:
    for kind, key in (("ConfigMap", "configMap"), ("Secret", "secret")):
        reference = value.get(f"{key}{suffix}") or {}
        if reference.get("name") and not reference.get("optional"):
            yield kind, reference["name"]
