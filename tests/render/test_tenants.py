"""The objects of a tenant: namespaces, quotas and rights. What its policies permit is in test_tenant_traffic."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.config.catalog import Catalog
from bedplate.render import objects
from bedplate.render.rendered import RenderedObject
from factories.render_site import make_site

Json = dict[str, Any]
RBAC = "rbac.authorization.k8s.io"
QUOTA: Json = {"cpu": "3", "memory": "5Gi", "storage": "7Gi", "pods": 11, "gpus": 13}
GROUPS = {"admins": ["leads", "deputies"], "users": ["analysts"], "viewers": ["auditors"]}


def of_kind(rendered: list[RenderedObject], kind: str, namespace: str, component: str = "tenants") -> list[Json]:
    """Return the objects of a kind in a namespace that belong to a component."""
    return [
        one.object
        for one in rendered
        if one.component == component and one.object["kind"] == kind and one.identity.namespace == namespace
    ]


@pytest.fixture(scope="module")
def risk(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> list[RenderedObject]:
    """Return the objects of an environment with one tenant, none of whose settings are the defaults."""
    tenant = {
        "name": "risk",
        "owner": "head: of risk",
        "groups": GROUPS,
        "namespaces": [{"name": "deals", "quota": QUOTA}],
    }
    return objects.render_objects(make_site(tmp_path_factory.mktemp("risk"), tenants=[tenant]), catalog)


@pytest.mark.parametrize(
    ("namespace", "standard", "tenant", "owner"),
    [
        ("rad-research", "restricted", "radiology", "Radiology, Dr. O'Neill: room 7"),
        ("rad-service", "baseline", "radiology", "Radiology, Dr. O'Neill: room 7"),
        ("fraud", "restricted", "fraud", "fraud@site.bedplate.test"),
    ],
)
def test_namespaces_have_owner_and_standard(
    rendered: list[RenderedObject], namespace: str, standard: str, tenant: str, owner: str
) -> None:
    """A tenant's namespace has its owner and its Pod Security standard, and warns of what `restricted` would refuse."""
    found = next(one.object["metadata"] for one in rendered if one.identity[1:] == ("Namespace", "", namespace))
    security = "pod-security.kubernetes.io/"
    assert {
        name: value for name, value in found["labels"].items() if name.startswith((security, "bedplate.dev/t"))
    } == {
        "bedplate.dev/tenant": tenant,
        f"{security}enforce": standard,
        f"{security}enforce-version": "latest",
        f"{security}warn": "restricted",
        f"{security}audit": "restricted",
    }
    assert found["annotations"]["bedplate.dev/owner"] == owner


def test_the_quota_is_that_of_environment_yaml(risk: list[RenderedObject]) -> None:
    """Requests and limits are bounded by the same values, and no Service may open a port of the nodes."""
    (quota,) = of_kind(risk, "ResourceQuota", "deals")
    assert quota["spec"] == {
        "hard": {
            "requests.cpu": "3",
            "limits.cpu": "3",
            "requests.memory": "5Gi",
            "limits.memory": "5Gi",
            "requests.storage": "7Gi",
            "requests.nvidia.com/gpu": "13",
            "pods": "11",
            "services.nodeports": "0",
            "services.loadbalancers": "0",
        }
    }


def test_containers_without_resources_get_small_ones(rendered: list[RenderedObject]) -> None:
    """A quota refuses pods without requests and limits, so every namespace has defaults for both."""
    for namespace in ("rad-research", "rad-service", "fraud"):
        (limits,) = of_kind(rendered, "LimitRange", namespace)
        (container,) = limits["spec"]["limits"]
        assert container == {
            "type": "Container",
            "default": {"cpu": "500m", "memory": "512Mi"},
            "defaultRequest": {"cpu": "100m", "memory": "128Mi"},
        }


@pytest.mark.parametrize(
    ("binding", "role", "groups"),
    [
        ("tenant-admin", "admin", ["leads", "deputies"]),
        ("tenant-edit", "edit", ["analysts"]),
        ("tenant-view", "view", ["auditors"]),
    ],
)
def test_rights_go_to_groups(risk: list[RenderedObject], binding: str, role: str, groups: list[str]) -> None:
    """Each group of environment.yaml gets its own one of Kubernetes' roles, and no one else gets it."""
    found = {one["metadata"]["name"]: one for one in of_kind(risk, "RoleBinding", "deals")}
    assert found.keys() == {"tenant-admin", "tenant-edit", "tenant-view"}
    assert found[binding]["roleRef"] == {"apiGroup": RBAC, "kind": "ClusterRole", "name": role}
    assert found[binding]["subjects"] == [{"apiGroup": RBAC, "kind": "Group", "name": name} for name in groups]


def test_where_no_group_is_named_no_one_has_rights(rendered: list[RenderedObject]) -> None:
    """A binding without groups is there and binds no one, so that its last group can be taken away."""
    found = {one["metadata"]["name"]: one["subjects"] for one in of_kind(rendered, "RoleBinding", "fraud")}
    assert found == {"tenant-admin": [], "tenant-edit": [], "tenant-view": []}


@pytest.mark.parametrize("namespace", ["rad-research", "rad-service", "fraud"])
def test_the_hub_runs_servers_and_deletes_no_data(rendered: list[RenderedObject], namespace: str) -> None:
    """In tenants' namespaces the hub may run pods, create volumes but not delete them, and read events."""
    (role,) = of_kind(rendered, "Role", namespace, "jupyterhub")
    (binding,) = of_kind(rendered, "RoleBinding", namespace, "jupyterhub")
    rights = {
        f"{group}/{resource}": set(rule["verbs"])
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    read = {"get", "list", "watch"}
    assert rights == {
        "/pods": read | {"create", "delete"},
        "/persistentvolumeclaims": read | {"create"},
        "/events": read,
    }
    assert binding["roleRef"] == {"apiGroup": RBAC, "kind": "Role", "name": role["metadata"]["name"]}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "hub", "namespace": "notebooks"}]


def test_people_come_before_jobs(rendered: list[RenderedObject]) -> None:
    """The platform comes before people, people before jobs; a pod without a class is a job and evicts none."""
    classes = {one.identity.name: one.object for one in rendered if one.object["kind"] == "PriorityClass"}
    values = {name: one["value"] for name, one in classes.items()}
    assert values == {"bedplate-platform": 1_000_000, "bedplate-interactive": 100_000, "bedplate-batch": 1_000}
    assert [name for name, one in classes.items() if one.get("globalDefault")] == ["bedplate-batch"]
    assert [name for name, one in classes.items() if one.get("preemptionPolicy") == "Never"] == ["bedplate-batch"]
    assert all(one["description"] for one in classes.values())


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
