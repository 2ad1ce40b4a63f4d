from collections.abc import Callable
from typing import Any

import pytest

from bedplate.acceptance.access_question import AccessQuestion
from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.acceptance.host_answers import listed
from bedplate.acceptance.own_objects import OwnObjects
from bedplate.apply.installation import Installation
from bedplate.config import acceptance_tenant
from bedplate.config.acceptance_tenant import every_tenant
from bedplate.config.environment_file import Tenant, TenantNamespace
from bedplate.config.environments import Site
from bedplate.core import quantity

Json = dict[str, Any]
Place = tuple[Tenant, TenantNamespace]
SAMPLE = 6
"""In how many namespaces a request to the API server is tried, those of the acceptance run included."""
UNKNOWN_GROUP = "bedplate-acceptance-nobody"
BINDINGS = "rolebindings.rbac.authorization.k8s.io"
GUARD = "the platform owns the network policies of tenants"
RIGHTS: dict[tuple[str, str], str] = {
    ("get", "pods"): "admins users viewers",
    ("create", "pods"): "admins users",
    ("get", "secrets"): "admins users",
    ("create", BINDINGS): "admins",
    ("update", "resourcequotas"): "",
    ("delete", "limitranges"): "",
    ("update", "namespaces"): "",
    ("delete", "namespaces"): "",
    ("escalate", "roles.rbac.authorization.k8s.io"): "",
    ("impersonate", "groups"): "",
}
"""Verb and resource in a tenant's namespace to the roles of its groups that have this right."""
ELSEWHERE = ("kube-system", "monitoring", "notebooks", "")
"""Namespaces of the platform, and none: rights in the whole cluster."""
NOWHERE = (
    ("get", "secrets"),
    ("create", "pods"),
    ("get", "nodes/proxy"),
    ("create", "networkpolicies.networking.k8s.io"),
    ("create", "clusterrolebindings.rbac.authorization.k8s.io"),
    ("delete", "validatingadmissionpolicies.admissionregistration.k8s.io"),
    ("create", "priorityclasses.scheduling.k8s.io"),
    ("impersonate", "groups"),
)
"""Rights that no group of a tenant has elsewhere."""


def _places(site: Site) -> list[Place]:
    return [(tenant, namespace) for tenant in every_tenant(site.environment) for namespace in tenant.namespaces]


def _sample(site: Site) -> list[Place]:
    """Return namespaces of different departments, and the acceptance run's own, which are last."""
    places = _places(site)
    others, own = places[:-2], places[-2:]
    step = max(1, len(others) // (SAMPLE - len(own)))
    return others[::step][: SAMPLE - len(own)] + own


def _groups(tenant: Tenant, roles: str = "admins users viewers") -> set[str]:
    return {group for role in roles.split() for group in getattr(tenant.groups, role)}


def test_namespaces_are_labelled(cluster: ClusterClient, site: Site) -> None:
    """Every tenant's namespace is labelled with its owner and enforces its Pod Security Standard."""
    live = {item["metadata"]["name"]: item["metadata"] for item in cluster.items("namespaces")}
    wrong = {}
    for tenant, namespace in _places(site):
        metadata = live.get(namespace.name, {})
        labels, annotations = metadata.get("labels", {}), metadata.get("annotations", {})
        found = [labels.get("bedplate.dev/tenant"), labels.get("pod-security.kubernetes.io/enforce")]
        if [*found, annotations.get("bedplate.dev/owner")] != [tenant.name, namespace.pod_security, tenant.owner]:
            wrong[namespace.name] = "differs from environment.yaml" if metadata else "does not exist"
    assert not wrong, listed(wrong)


def test_groups_have_their_rights_and_no_others(cluster: ClusterClient, site: Site, record_property: Any) -> None:
    """Each group has the rights that environment.yaml gives it in its tenant's namespaces, and none elsewhere.

    In a department's namespaces, its administrators may have given more of their own rights to others.
    """
    sample, questions, wanted = _sample(site), set(), set()
    everyone = {UNKNOWN_GROUP, *(group for tenant, _ in sample for group in _groups(tenant))}
    for tenant, namespace in sample:
        is_own = tenant.name == acceptance_tenant.NAME
        for (verb, resource), roles in RIGHTS.items():
            entitled = _groups(tenant, roles)
            asked = everyone if is_own else entitled if roles else _groups(tenant)
            questions |= {AccessQuestion(group, verb, resource, namespace.name) for group in asked}
            wanted |= {AccessQuestion(group, verb, resource, namespace.name) for group in entitled}
        for group in _groups(tenant):
            questions |= {AccessQuestion(group, *right, place) for right in NOWHERE for place in ELSEWHERE}
    permitted = cluster.permitted(questions)
    record_property("rights_asked", len(questions))
    record_property("namespaces_asked", [namespace.name for _, namespace in sample])
    wrong = {_sentence(one): "is permitted" for one in permitted - wanted}
    wrong |= {_sentence(one): "is not permitted" for one in wanted - permitted}
    assert not wrong, listed(wrong)


def _sentence(one: AccessQuestion) -> str:
    return f"{one.group}: {one.verb} {one.resource} in {one.namespace or 'the cluster'}"


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("networkpolicies", lambda item: item["spec"]),
        ("rolebindings", lambda item: (item["roleRef"], item.get("subjects") or [])),
        (
            "resourcequotas",
            lambda item: {name: quantity.parse(amount) for name, amount in item["spec"]["hard"].items()},
        ),
        ("limitranges", lambda item: item["spec"]),
    ],
    ids=["network policies", "rights", "quotas", "limits"],
)
def test_tenants_have_what_the_release_says(
    kind: str, part: Callable[[Json], object], cluster: ClusterClient, installation: Installation, site: Site
) -> None:
    """In every tenant's namespace, the release's objects are as rendered, and no network policy was added."""
    names = {namespace.name for _, namespace in _places(site)}
    live = {key: item for item in cluster.items(kind) if (key := _key(item))[0] in names}
    rendered = {
        key: one.object
        for one in installation.objects
        if f"{one.object['kind'].lower()}s".replace("policys", "policies") == kind
        and (key := _key(one.object))[0] in names
    }
    wrong = dict.fromkeys(rendered.keys() - live.keys(), "does not exist")
    wrong |= {key: "differs" for key in rendered.keys() & live.keys() if part(live[key]) != part(rendered[key])}
    if kind == "networkpolicies":
        wrong |= dict.fromkeys(live.keys() - rendered.keys(), "is not the platform's")
    assert rendered, f"the release has no {kind}"
    assert not wrong, listed({f"{kind} {'/'.join(key)}": fact for key, fact in wrong.items()})


def _key(item: Json) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def test_quota_is_enforced(own: OwnObjects, site: Site) -> None:
    """A volume larger than the tenant's quota is refused."""
    for _, namespace in _sample(site):
        too_much = str(int(quantity.parse(namespace.quota.storage)) + 1)
        refusal = own.refusal(_claim(namespace.name, own.name("claim"), too_much))
        assert "exceeded quota" in refusal, f"{namespace.name}: {refusal or 'was admitted'}"


def test_privileged_pods_are_refused(own: OwnObjects, site: Site) -> None:
    """A privileged pod is refused in every tenant's namespace, and an ordinary one is admitted in the run's own."""
    for _, namespace in _sample(site):
        refusal = own.refusal(_pod(namespace.name, own.name("privileged"), privileged=True))
        assert "violates PodSecurity" in refusal, f"{namespace.name}: {refusal or 'was admitted'}"
    refusal = own.refusal(_pod(namespace.name, own.name("ordinary"), privileged=False))
    assert not refusal, f"{namespace.name}: {refusal}"


def test_tenants_cannot_open_their_networks(own: OwnObjects, site: Site) -> None:
    """A tenant's administrator and user cannot create a network policy; the platform's administrator can."""
    asked = 0
    for tenant, namespace in _sample(site):
        policy = _policy(namespace.name, own.name("open"))
        for group in sorted(_groups(tenant, "admins users")):
            asked += 1
            refusal = own.refusal(policy, user="bedplate-acceptance", groups=[group])
            assert GUARD in refusal, f"{namespace.name}, group {group}: {refusal or 'was admitted'}"
    assert asked, "no tenant has administrators or users"
    refusal = own.refusal(policy)
    assert not refusal, f"{namespace.name}, the platform's administrator: {refusal}"


def _claim(namespace: str, name: str, storage: str) -> Json:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}}
    return _object("v1", "PersistentVolumeClaim", namespace, name, spec)


def _pod(namespace: str, name: str, *, privileged: bool) -> Json:
    security: Json = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True}
    security["seccompProfile"] = {"type": "RuntimeDefault"}
    container = {
        "name": "one",
        "image": "registry.k8s.io/pause",
        "securityContext": {"privileged": True} if privileged else security,
    }
    return _object("v1", "Pod", namespace, name, {"containers": [container]})


def _policy(namespace: str, name: str) -> Json:
    spec = {"podSelector": {}, "ingress": [{}], "egress": [{}], "policyTypes": ["Ingress", "Egress"]}
    return _object("networking.k8s.io/v1", "NetworkPolicy", namespace, name, spec)


def _object(api: str, kind: str, namespace: str, name: str, spec: Json) -> Json:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}
