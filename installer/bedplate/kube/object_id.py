"""The identity of a Kubernetes object: group, kind, namespace and name; kinds without a namespace."""

from __future__ import annotations

from typing import Any, NamedTuple

SECRET_REF = "secretRef"  # noqa: S105  the name of a key, not a secret
"""A rendered object carries ``secretRef: name/key`` instead of a secret's value."""

WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod", "ReplicaSet"})

CLUSTER_SCOPED = frozenset({
    "APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "ClusterTrustBundle",
    "ComponentStatus", "CSIDriver", "CSINode", "CustomResourceDefinition", "DeviceClass", "DeviceTaintRule",
    "FlowSchema", "IngressClass", "IPAddress", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume", "PodSecurityPolicy", "PriorityClass",
    "PriorityLevelConfiguration", "ResourceSlice", "RuntimeClass", "ServiceCIDR", "StorageClass", "StorageVersion",
    "StorageVersionMigration", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration", "VolumeAttachment", "VolumeAttributesClass",
})  # fmt: skip
"""Kubernetes' own kinds that have no namespace; for custom kinds, their definition says so."""

BUILT_IN_GROUPS = frozenset({
    "", "apps", "autoscaling", "batch", "policy",
    *(f"{name}.k8s.io" for name in (
        "admissionregistration", "apiextensions", "apiregistration", "authentication", "authorization", "certificates",
        "coordination", "discovery", "events", "flowcontrol.apiserver", "internal.apiserver", "networking", "node",
        "rbac.authorization", "resource", "scheduling", "storage", "storagemigration",
    )),
})  # fmt: skip
"""Kubernetes' own API groups; kinds of all others are custom resources."""
NATIVE_GROUPS = BUILT_IN_GROUPS | {"extensions"}
"""The same, with the group that its kinds have left."""

EXISTING_NAMESPACES = frozenset({"kube-system", "kube-public"})
"""Namespaces that Kubernetes creates itself; `default` is deliberately not listed."""


class ObjectId(NamedTuple):
    """The identity of an object; two objects with the same identity are the same object.

    An empty namespace is that of a cluster-scoped object, or one that is not written: the object is then applied to
    the namespace that the person who applies it chooses.
    """

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """Return ``<group>/<kind>/<namespace>/<name>``: ``core`` for no group, ``-`` for no namespace."""
        return "/".join((self.group or "core", self.kind, self.namespace or "-", self.name))


def of(value: dict[str, Any]) -> ObjectId:
    """Return an object's identity."""
    metadata = value["metadata"]
    return ObjectId(group_of(value), value["kind"], metadata.get("namespace", ""), metadata["name"])


def is_cluster_scoped(group: str, kind: str) -> bool:
    """Return whether a kind of Kubernetes itself has no namespace; the API server ignores one that is written."""
    return kind in CLUSTER_SCOPED and group in NATIVE_GROUPS


def is_namespaced(group: str, kind: str) -> bool:
    """Return whether a kind of Kubernetes itself has a namespace."""
    return kind not in CLUSTER_SCOPED and group in NATIVE_GROUPS


def group_of(value: dict[str, Any]) -> str:
    """Return an object's API group, empty for Kubernetes' core."""
    group, slash, _ = value["apiVersion"].partition("/")
    return group if slash else ""


def pod_template(value: dict[str, Any]) -> dict[str, Any] | None:
    """Return the pod template of a workload: an object with metadata and spec, or None."""
    match value["kind"]:
        case "Pod":
            return value
        case "CronJob":
            return value["spec"]["jobTemplate"]["spec"]["template"]  # type: ignore[no-any-return]
        case kind if kind in WORKLOADS:
            return value["spec"]["template"]  # type: ignore[no-any-return]
        case _:
            return None
