"""The path of the pod template in each kind of workload, and the pod spec and containers in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bedplate.diff.rules.pattern import Pattern
from bedplate.kube.snapshot import Resource

POD = "{pod}"
_TEMPLATE = {
    "Pod": (),
    "PodTemplate": ("template",),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"), ("spec", "template")
    ),
}
GROUPS = frozenset({"", "apps", "batch", "extensions"})


def template(resource: Resource) -> Pattern | None:
    """Return the path of a workload's pod template; None for other kinds."""
    return _TEMPLATE.get(resource.identity.kind) if resource.identity.group in GROUPS else None


def spec(resource: Resource) -> dict[str, Any] | None:
    """Return a workload's pod spec; None for other kinds, and if it is not a mapping."""
    path = template(resource)
    if path is None:
        return None
    value: Any = resource.object
    for key in (*path, "spec"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else None


def containers(pod: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every container of a pod spec, init and ephemeral containers included."""
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from (container for container in pod.get(key) or [] if isinstance(container, dict))
