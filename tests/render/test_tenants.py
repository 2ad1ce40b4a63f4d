"""The objects of a tenant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bedplate.config.catalog import Catalog
from bedplate.render import objects
from bedplate.render.rendered import RenderedObject
from factories.render_site import ENVIRONMENT, make_site


def of_kind(rendered: list[RenderedObject], kind: str, namespace: str) -> list[dict[str, Any]]:
    """Return the objects of a kind in a namespace that belong to the component tenants."""
    return [
        one.object
        for one in rendered
        if one.component == "tenants" and one.object["kind"] == kind and one.identity.namespace == namespace
    ]


@pytest.mark.parametrize(
    ("namespace", "standard", "tenant"),
    [
        ("rad-research", "restricted", "radiology"),
        ("rad-service", "baseline", "radiology"),
        ("fraud", "restricted", "fraud"),
    ],
)
def test_namespaces_have_owner_and_standard(
    rendered: list[RenderedObject], namespace: str, standard: str, tenant: str
) -> None:
    """A tenant's namespace has its owner and its Pod Security standard."""
    found = next(one.object["metadata"] for one in rendered if one.identity[1:] == ("Namespace", "", namespace))
    assert found["labels"]["pod-security.kubernetes.io/enforce"] == standard
    assert found["labels"]["bedplate.dev/tenant"] == tenant
    assert found["annotations"]["bedplate.dev/owner"]


@pytest.mark.parametrize(("namespace", "gpus"), [("rad-research", "0"), ("fraud", "2")])
def test_quota_comes_with_defaults_for_containers(rendered: list[RenderedObject], namespace: str, gpus: str) -> None:
    """A quota refuses pods without requests, so the namespace has defaults."""
    (quota,) = of_kind(rendered, "ResourceQuota", namespace)
    (limits,) = of_kind(rendered, "LimitRange", namespace)
    assert quota["spec"]["hard"]["requests.nvidia.com/gpu"] == gpus
    assert set(limits["spec"]["limits"][0]) >= {"default", "defaultRequest"}


@pytest.mark.parametrize(
    ("namespace", "rights"),
    [
        ("rad-research", {"admin": ["rad-admins"], "edit": ["radiology"], "view": []}),
        ("rad-service", {"admin": ["rad-admins"], "edit": ["radiology"], "view": []}),
        ("fraud", {"admin": [], "edit": [], "view": []}),
        ("audited", {"admin": ["a"], "edit": ["b", "c"], "view": ["d"]}),
    ],
)
def test_rights_go_to_groups(tmp_path: Path, catalog: Catalog, namespace: str, rights: dict[str, list[str]]) -> None:
    """Admins, users and viewers get Kubernetes' roles admin, edit and view, as groups and never as people."""
    groups = {"admins": ["a"], "users": ["b", "c"], "viewers": ["d"]}
    tenant = {"name": "audited", "owner": "a@b", "groups": groups, "namespaces": [{"name": "audited"}]}
    site = make_site(tmp_path, tenants=[*ENVIRONMENT["tenants"], tenant])
    bindings = of_kind(objects.render_objects(site, catalog), "RoleBinding", namespace)
    bound = {one["roleRef"]["name"]: [s["name"] for s in one["subjects"]] for one in bindings}
    assert bound == rights
    assert {one["roleRef"]["kind"] for one in bindings} == {"ClusterRole"}
    assert all(s["kind"] == "Group" for one in bindings for s in one["subjects"])


NAMES = [{"protocol": protocol, "port": port} for port in (53, 1053) for protocol in ("UDP", "TCP")]
CLUSTER_DNS = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}
SAME_NAMESPACE: dict[str, Any] = {"podSelector": {}}


@pytest.mark.parametrize("namespace", ["rad-research", "rad-service", "fraud"])
def test_policies_allow_names_and_neighbours_and_nothing_else(rendered: list[RenderedObject], namespace: str) -> None:
    """All traffic is denied in both directions, except questions for names and traffic inside the namespace."""
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind(rendered, "NetworkPolicy", namespace)}
    assert policies == {
        "default-deny": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "allow-names": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [CLUSTER_DNS], "ports": NAMES}],
        },
        "allow-same-namespace": {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [SAME_NAMESPACE]}],
            "egress": [{"to": [SAME_NAMESPACE]}],
        },
    }


def test_every_rule_in_a_tenants_namespace_names_its_peers(rendered: list[RenderedObject]) -> None:
    """A rule without peers, or with a range of addresses, would open the namespace to everything there."""
    spaces = {one.identity.name for one in rendered if "bedplate.dev/tenant" in one.object["metadata"]["labels"]}
    for one in rendered:
        if one.object["kind"] == "NetworkPolicy" and one.identity.namespace in spaces:
            spec = one.object["spec"]
            rules = [
                *(rule["from"] for rule in spec.get("ingress", [])),
                *(rule["to"] for rule in spec.get("egress", [])),
            ]
            assert all(rules), one.identity
            assert all({*peer} <= {"namespaceSelector", "podSelector"} for peers in rules for peer in peers)
            assert not any(peer.get("namespaceSelector") == {} for peers in rules for peer in peers)


def test_the_guard_denies_if_it_cannot_decide(rendered: list[RenderedObject]) -> None:
    """Tenants' own NetworkPolicies are refused in every tenant's namespace, also when the rule fails to evaluate."""
    kinds = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
    policy, binding = (next(one.object for one in rendered if one.object["kind"] == kind) for kind in kinds)
    assert policy["spec"]["failurePolicy"] == "Fail"
    (rule,) = policy["spec"]["matchConstraints"]["resourceRules"]
    assert (rule["apiGroups"], rule["apiVersions"]) == (["networking.k8s.io"], ["*"])
    assert (rule["operations"], rule["resources"]) == (["CREATE", "UPDATE", "DELETE"], ["networkpolicies"])
    assert binding["spec"]["policyName"] == policy["metadata"]["name"]
    assert binding["spec"]["validationActions"] == ["Deny"]
    exists = [{"key": "bedplate.dev/tenant", "operator": "Exists"}]
    assert binding["spec"]["matchResources"] == {"namespaceSelector": {"matchExpressions": exists}}


@pytest.mark.parametrize("name", ["hub", "proxy"])
def test_hub_and_proxy_reach_users_servers_of_every_tenant(rendered: list[RenderedObject], name: str) -> None:
    """They select tenants' namespaces by their label, so that one tenant more changes no policy of the platform."""
    policy = next(one.object["spec"] for one in rendered if one.identity[1:] == ("NetworkPolicy", "notebooks", name))
    tenants = {"matchExpressions": [{"key": "bedplate.dev/tenant", "operator": "Exists"}]}
    servers = {"namespaceSelector": tenants, "podSelector": {"matchLabels": {"component": "singleuser-server"}}}
    (rule,) = (rule for rule in policy["egress"] if {"protocol": "TCP", "port": 8888} in rule["ports"])
    assert rule["to"] == [servers]
    assert "kubernetes.io/metadata.name" not in str(policy)
