"""What the release's own API server permits to tenants' groups: their rights, and the guard of network policies."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from bedplate.acceptance.access_question import AccessQuestion
from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.cluster import kubectl
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from factories.tenant_objects import (
    BASELINE,
    ELSEWHERE,
    GUARD,
    LEAD,
    LEAVING,
    OTHER,
    RESTRICTED,
    binding,
    create,
    open_policy,
    try_to_create,
)

Right = tuple[str, str]
"""Verb and resource."""
BINDINGS, POLICIES = "rolebindings.rbac.authorization.k8s.io", "networkpolicies.networking.k8s.io"
VIEWERS: set[Right] = {("get", "pods")}
USERS = VIEWERS | {("create", "pods"), ("get", "secrets")}
ADMINS = USERS | {("create", BINDINGS)}
FORBIDDEN: set[Right] = {
    ("update", "resourcequotas"),
    ("delete", "limitranges"),
    ("update", "namespaces"),
    ("create", "validatingadmissionpolicies.admissionregistration.k8s.io"),
    ("create", "priorityclasses.scheduling.k8s.io"),
    ("impersonate", "groups"),
}
"""Rights with which a tenant could lift its own quota, standard or policies."""


def _rights(site: Site, group: str, namespace: str) -> set[Right]:
    """Return what the members of a group may do in a namespace."""
    asked = [AccessQuestion(group, verb, resource, namespace) for verb, resource in ADMINS | FORBIDDEN]
    return {(one.verb, one.resource) for one in ClusterClient(site).permitted(asked)}


@pytest.mark.parametrize(
    ("group", "rights"),
    [("risk-leads", ADMINS), ("risk-analysts", USERS), ("auditors", VIEWERS), ("analysts", set()), ("others", set())],
)
def test_groups_have_their_rights(group: str, rights: set[Right], tenant_site: Site) -> None:
    """In the namespaces of a tenant its groups have the rights of environment.yaml, and other groups have none."""
    assert _rights(tenant_site, group, RESTRICTED) == rights
    assert _rights(tenant_site, group, BASELINE) == rights


@pytest.mark.parametrize("group", ["risk-leads", "risk-analysts", "auditors"])
def test_groups_have_no_rights_elsewhere(group: str, tenant_site: Site) -> None:
    """A tenant's groups have no rights for other tenants, the platform or the whole cluster."""
    namespaces = (OTHER, LEAVING, ELSEWHERE, "kube-system", "")
    assert {one: _rights(tenant_site, group, one) for one in namespaces} == {one: set() for one in namespaces}


@pytest.mark.parametrize(
    "words",
    [
        ("create", "-f", "-"),
        ("patch", "networkpolicy", "default-deny", "--patch", '{"spec": {"ingress": [{}]}}'),
        ("delete", "networkpolicy", "default-deny"),
        ("delete", "networkpolicies", "--all"),
    ],
    ids=["create", "patch", "delete", "delete all"],
)
def test_the_guard_refuses_tenants_administrators(words: tuple[str, ...], tenant_site: Site) -> None:
    """The role of a tenant's administrators permits changes of policies. The guard refuses them and says who may."""
    asked = [AccessQuestion("risk-leads", verb, POLICIES, RESTRICTED) for verb in ("create", "patch", "delete", "list")]
    assert ClusterClient(tenant_site).permitted(asked) == set(asked)
    before, policy = _policies(tenant_site), json.dumps(open_policy(RESTRICTED)).encode()
    with pytest.raises(BedplateError, match=rf"\(Forbidden\).*{GUARD}"):
        kubectl.run(tenant_site, *LEAD, "--namespace", RESTRICTED, *words, stdin=policy)
    assert _policies(tenant_site) == before


def _policies(site: Site) -> list[object]:
    found: list[object] = kubectl.get(site, "networkpolicies", "--namespace", RESTRICTED)["items"]
    return found


@pytest.fixture
def all_rights(tenant_site: Site) -> Iterator[None]:
    """Give every user all rights in two namespaces, so that only the guard can refuse."""
    namespaces = (RESTRICTED, ELSEWHERE)
    for namespace in namespaces:
        create(tenant_site, binding(namespace, "cluster-admin", "system:authenticated"))
    yield
    for namespace in namespaces:
        kubectl.run(tenant_site, "delete", "rolebinding", "everything", "--namespace", namespace)


@pytest.mark.usefixtures("all_rights")
@pytest.mark.parametrize(
    "who",
    [
        (),
        ("--as=admin", "--as-group=system:masters"),
        ("--as=system:serviceaccount:kube-system:namespace-controller",),
    ],
    ids=["kubeadm's administrators", "masters", "Kubernetes itself"],
)
def test_the_guard_admits_the_platform(who: tuple[str, ...], tenant_site: Site) -> None:
    """Administrators of the platform and Kubernetes' own controllers may create policies for tenants."""
    try_to_create(tenant_site, open_policy(RESTRICTED), *who)


@pytest.mark.usefixtures("all_rights")
@pytest.mark.parametrize(
    "who",
    [
        ("--as=system:serviceaccount:kube-systems:fake",),
        (f"--as=system:serviceaccount:{RESTRICTED}:default",),
        ("--as=someone", "--as-group=kubeadm:cluster-admins-2"),
    ],
    ids=["namespace like kube-system", "service account of a tenant", "group like that of the administrators"],
)
def test_the_guard_refuses_all_others(who: tuple[str, ...], tenant_site: Site) -> None:
    """Others are refused even with all rights, but only in the namespaces of tenants."""
    try_to_create(tenant_site, open_policy(ELSEWHERE), *who)
    with pytest.raises(BedplateError, match=GUARD):
        try_to_create(tenant_site, open_policy(RESTRICTED), *who)


def test_a_namespace_of_a_tenant_can_be_deleted(tenant_site: Site) -> None:
    """The guard does not stop Kubernetes' own controllers from emptying a namespace that is deleted."""
    assert kubectl.get(tenant_site, "networkpolicies", "--namespace", LEAVING)["items"]
    kubectl.run(tenant_site, "delete", "namespace", LEAVING, "--wait", timeout=120)
    assert LEAVING not in {one["metadata"]["name"] for one in kubectl.get(tenant_site, "namespaces")["items"]}
