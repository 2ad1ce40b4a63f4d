"""Ranks: in which order the kinds of objects are created, and in reverse deleted."""

from __future__ import annotations

import pytest

from bedplate.cluster.apply_rank import rank

ORDER = [
    ("v1", "Namespace"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("apps/v1", "Deployment"),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
    ("kueue.x-k8s.io/v1beta1", "ClusterQueue"),
]
ALIKE = [
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("v1", "ResourceQuota"),
    ("v1", "Secret"),
    ("batch/v1", "Job"),
    ("apiregistration.k8s.io/v1", "APIService"),
    ("gateway.networking.k8s.io/v1", "Gateway"),
]


@pytest.mark.parametrize("kinds", [ORDER, ALIKE])
def test_kinds_are_ranked(kinds: list[tuple[str, str]]) -> None:
    """Definitions, policies, rights and configuration, workloads, what calls their pods, custom resources."""
    assert [rank({"apiVersion": api, "kind": kind}) for api, kind in kinds] == [0, 1, 2, 3, 4, 5]
