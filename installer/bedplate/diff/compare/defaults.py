"""Defaults of absent fields that depend on other fields, as the API server sets them.

Defaults that depend on nothing are data: data/semantics.yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bedplate.diff.compare.kube_schema import META, MISSING, SchemaNode

Parent = Mapping[str, Any]

SERVER_SET = frozenset({"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"})
"""Fields of metadata that only the server sets (staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go)."""
SERVER_NOTES = frozenset({"kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision"})
"""Annotations that repeat what is written elsewhere."""
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""pkg/apis/core/v1/defaults.go SetDefaults_Namespace."""


def default_of(node: SchemaNode, key: str, parent: Parent) -> Any:
    """Return the default of an absent field of a mapping, or MISSING."""
    rule = _RULES.get((node.type.rpartition("io.k8s.api.")[2], key))
    if rule is not None:
        return rule(parent)
    return node.field(key).default


def _pull_policy(container: Parent) -> Any:
    image = str(container.get("image", ""))
    _, _, tag = image.rpartition("/")[2].partition("@")[0].partition(":")
    return "Always" if tag == "latest" or (not tag and "@" not in image) else "IfNotPresent"


def _volume(volume: Parent) -> Any:
    return {} if volume.keys() <= {"name", "emptyDir"} else MISSING


def _limits(resources: Parent) -> Any:
    return resources.get("limits", MISSING)


def _is_external(spec: Parent) -> bool:
    return spec.get("type") in ("NodePort", "LoadBalancer") or bool(spec.get("externalIPs"))


def _policy_types(spec: Parent) -> Any:
    return ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _subject_group(subject: Parent) -> Any:
    return "" if subject.get("kind") == "ServiceAccount" else "rbac.authorization.k8s.io"


def _rolling(strategy: Parent) -> Any:
    return {} if strategy.get("type", "RollingUpdate") == "RollingUpdate" else MISSING


def _completions(job: Parent) -> Any:
    """Return 1, which is the default only if parallelism is absent, too, and so 1."""
    parallelism = job.get("parallelism")
    return 1 if parallelism is None or parallelism == job.get("completions") == 1 else MISSING


def _backoff(job: Parent) -> Any:
    return 2**31 - 1 if job.get("backoffLimitPerIndex") is not None else 6


def _replacement(job: Parent) -> Any:
    return "Failed" if job.get("podFailurePolicy") is not None else "TerminatingOrFailed"


def _affinity(spec: Parent) -> Any:
    return {"clientIP": {"timeoutSeconds": 10800}} if spec.get("sessionAffinity") == "ClientIP" else MISSING


_CRD = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1"
_RULES: dict[tuple[str, str], Callable[[Parent], Any]] = {
    # pkg/apis/core/v1/defaults.go
    (META, "labels"): lambda metadata: {NAMESPACE_LABEL: metadata.get("name")},
    ("core.v1.Container", "imagePullPolicy"): _pull_policy,
    ("core.v1.EphemeralContainer", "imagePullPolicy"): _pull_policy,
    ("core.v1.Volume", "emptyDir"): _volume,
    ("core.v1.ResourceRequirements", "requests"): _limits,
    ("core.v1.ServicePort", "targetPort"): lambda port: port.get("port", MISSING),
    ("core.v1.ServiceSpec", "externalTrafficPolicy"): lambda spec: "Cluster" if _is_external(spec) else MISSING,
    ("core.v1.ServiceSpec", "internalTrafficPolicy"): lambda spec: (
        MISSING if spec.get("type") == "ExternalName" else "Cluster"
    ),
    ("core.v1.ServiceSpec", "allocateLoadBalancerNodePorts"): lambda spec: (
        True if spec.get("type") == "LoadBalancer" else MISSING
    ),
    ("core.v1.ServiceSpec", "sessionAffinityConfig"): _affinity,
    # pkg/apis/apps/v1/defaults.go
    ("apps.v1.DeploymentStrategy", "rollingUpdate"): _rolling,
    ("apps.v1.DaemonSetUpdateStrategy", "rollingUpdate"): _rolling,
    ("apps.v1.StatefulSetUpdateStrategy", "rollingUpdate"): _rolling,
    # pkg/apis/batch/v1/defaults.go
    ("batch.v1.JobSpec", "completions"): _completions,
    ("batch.v1.JobSpec", "backoffLimit"): _backoff,
    ("batch.v1.JobSpec", "podReplacementPolicy"): _replacement,
    # pkg/apis/networking/v1/defaults.go, pkg/apis/rbac/v1/defaults.go
    ("networking.v1.NetworkPolicySpec", "policyTypes"): _policy_types,
    ("rbac.v1.Subject", "apiGroup"): _subject_group,
    # staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/defaults.go
    (f"{_CRD}.CustomResourceDefinitionNames", "singular"): lambda names: str(names.get("kind", "")).lower(),
    (f"{_CRD}.CustomResourceDefinitionNames", "listKind"): lambda names: f"{names.get('kind', '')}List",
}
