"""Workloads whose controllers re-create their pods, and whether some pods always serve meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.diff.effects.rule_effects import join_words
from bedplate.diff.rules import pod_paths
from bedplate.diff.rules.match import touched_values
from bedplate.kube.change import Action, Changes, ElementKey, ListOrder, ObjectChange, Path, path_text
from bedplate.kube.object_id import ObjectId
from bedplate.kube.snapshot import Resource

ROLLING_KINDS = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds whose controllers roll out a changed template."""
SOURCE = "https://kubernetes.io/docs/concepts/workloads/controllers/"
SHOWN = 3


def restarted_workloads(changes: Changes) -> tuple[ObjectId, ...]:
    """Return the workloads whose running pods are re-created by their controllers."""
    return tuple(change.identity for change in changes.objects if recreates_pods(change))


def findings(changes: Changes) -> Iterator[DiffFinding]:
    """Yield a finding for each workload with a changed pod template."""
    for change in changes.objects:
        if recreates_pods(change):
            yield _restart(change)
        elif _changes_template(change):
            message = "does not re-create its pods: each stays as it is until it is deleted (OnDelete)"
            where = pod_paths.template(change.resource) or ()
            yield DiffFinding(
                "pods-not-replaced", Risk.NONE, change.identity, message, where, change.resource.component, SOURCE
            )


def recreates_pods(change: ObjectChange) -> bool:
    """Return whether a controller re-creates a workload's pods because of a change."""
    return _changes_template(change) and _strategy(change.resource).get("type") != "OnDelete"


def _changes_template(change: ObjectChange) -> bool:
    rolling = change.action is Action.CHANGED and change.identity.kind in ROLLING_KINDS
    return rolling and bool(touched_values(change, pod_paths.template(change.resource) or ()))


def _restart(change: ObjectChange) -> DiffFinding:
    gap, reason = _gap(change.resource), _reason(change)
    rule, risk = ("pods-restart-gap", Risk.DISRUPTION) if gap else ("pods-restart", Risk.RESTART)
    message = f"re-creates its pods{f'; {gap}' if gap else ''}{f' ({reason})' if reason else ''}"
    where = pod_paths.template(change.resource) or ()
    return DiffFinding(rule, risk, change.identity, message, where, change.resource.component, SOURCE)


def _reason(change: ObjectChange) -> str:
    """Return the changed paths inside the pod template; empty if the template changed as a whole."""
    where = pod_paths.template(change.resource) or ()
    paths = [one.path[len(where) :] for one in change.changes if one.path[: len(where)] == where]
    if paths and all(path and isinstance(path[-1], ListOrder) for path in paths):
        return f"only the order of {join_words((path_text(path[-2:-1]) for path in paths), SHOWN)} differs"
    paths.sort(key=lambda path: (path[-1:] != ("image",), not {"labels", "annotations"}.isdisjoint(path)))
    return f"{join_words(map(_brief, paths), SHOWN)} changed" if any(paths) else ""


def _brief(path: Path) -> str:
    """Return a path in the template as people say it: ``image of web``; the object's changes have all of it."""
    is_whole = not path or not isinstance(path[-1], str) or path[-2:-1] in (("labels",), ("annotations",))
    cut = len(path) - (2 if is_whole else 1)
    owner = next((step for step in reversed(path[: max(cut, 0)]) if isinstance(step, ElementKey)), None)
    text = path_text(path[max(cut, 0) :])
    return f"{text} of {owner.fields[-1][1]}" if owner else text


def _strategy(resource: Resource) -> dict[str, Any]:
    spec = resource.object.get("spec") or {}
    return spec.get("strategy") or spec.get("updateStrategy") or {}


def _gap(resource: Resource) -> str:
    """Return why no pod serves while the pods are re-created; empty if some always do."""
    spec, strategy = resource.object.get("spec") or {}, _strategy(resource)
    replicas = 1 if spec.get("replicas") is None else spec["replicas"]
    if resource.identity.kind == "DaemonSet" or not isinstance(replicas, int) or replicas == 0:
        return ""
    if resource.identity.kind == "StatefulSet":
        return "its only replica stops first" if replicas == 1 else ""
    if strategy.get("type") == "Recreate":
        return "all replicas stop first with strategy Recreate"
    rolling = strategy.get("rollingUpdate") or {}
    unavailable = _count(rolling.get("maxUnavailable", "25%"), replicas, math.floor)
    surge = _count(rolling.get("maxSurge", "25%"), replicas, math.ceil)
    # The controller lets one be unavailable if both would be none.
    unavailable = unavailable or (0 if surge else 1)
    if unavailable < replicas:
        return ""
    return f"all replicas may stop first with maxUnavailable {unavailable} of {replicas}"


def _count(value: Any, replicas: int, rounded: Callable[[float], int]) -> int:
    """Return a number, or a percentage of the replicas as a number.

    Rounding: https://github.com/kubernetes/kubernetes/blob/v1.34.3/pkg/controller/deployment/util/deployment_util.go
    """
    text = str(value)
    if text.endswith("%") and text[:-1].isdigit():
        return rounded(int(text[:-1]) * replicas / 100)
    return int(text) if text.isdigit() else 0
