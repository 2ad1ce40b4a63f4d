"""Rank of an object: in which order the objects of a component are created, and in reverse deleted."""

from __future__ import annotations

from typing import Any

from bedplate.kube import object_id

FIRST_KINDS = frozenset({"CustomResourceDefinition", "Namespace"})
POLICIES = frozenset({
    "LimitRange", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "NetworkPolicy", "ResourceQuota",
    "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
})  # fmt: skip
"""Kinds that limit others: they exist before what they limit, and are deleted after it."""
ANSWERED_BY_PODS = frozenset({"APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"})
"""Kinds that make the API server call pods: without the pods, it would refuse what they are responsible for."""

FIRST, POLICY, CONFIGURATION, WORKLOAD, ANSWERED, CUSTOM = range(6)


def rank(value: dict[str, Any]) -> int:
    """Return an object's rank; one of a lower rank is created first and deleted last."""
    kind = value["kind"]
    if object_id.group_of(value) not in object_id.BUILT_IN_GROUPS:
        return CUSTOM
    if kind in FIRST_KINDS:
        return FIRST
    if kind in POLICIES:
        return POLICY
    if kind in object_id.WORKLOADS:
        return WORKLOAD
    return ANSWERED if kind in ANSWERED_BY_PODS else CONFIGURATION
