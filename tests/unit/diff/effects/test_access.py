"""Findings about access: RBAC rights, network paths, and the hosts that an Ingress serves."""

from __future__ import annotations

import pytest

from bedplate.diff.effects.effect_finding import Risk
from factories.diff_effects import effects_between, messages

ROLE = """
{apiVersion: rbac.authorization.k8s.io/v1, kind: %s, metadata: {name: r, namespace: %s}, rules: [%s]}
---
"""
BOUND = """
apiVersion: rbac.authorization.k8s.io/v1
kind: %s
metadata: {name: b, namespace: %s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: %s, name: %s}
subjects: [{kind: ServiceAccount, name: sa, namespace: n}]
---
"""
PODS = "{apiGroups: [''], resources: [pods], verbs: [get]}"
LOCAL = BOUND % ("RoleBinding", "n", "Role", "r")


def role(*rules: str) -> str:
    """Return a bound Role with the rules."""
    return ROLE % ("Role", "n", ", ".join(rules)) + LOCAL


def rule(resources: str, verbs: str, group: str = "''", names: str = "") -> str:
    """Return one rule of a Role."""
    more = f", resourceNames: [{names}]" if names else ""
    return f"{{apiGroups: [{group}], resources: [{resources}], verbs: [{verbs}]{more}}}"


RIGHTS = {
    "a verb more": (
        role(PODS), role(rule("pods", "get, list")), [("rbac-gained", "gains rights in namespace n: list pods")]),
    "a verb less": (
        role(rule("pods", "get, list")), role(PODS), [("rbac-lost", "loses rights in namespace n: list pods")]),
    "written differently": (role(rule("pods, services", "get")), role(rule("services", "get"), PODS), []),
    "named out of a wildcard": (role(rule("'*'", "'*'")), role(rule("pods", "get"), rule("'*'", "'*'")), []),
    "secrets": (
        role(PODS), role(PODS, rule("secrets", "get, list")),
        [("rbac-secrets-readable", "can read secrets in namespace n: get/list secrets")]),
    "one secret": (
        role(PODS), role(PODS, rule("secrets", "get", names="a")),
        [("rbac-secrets-readable", "can read secrets in namespace n: get secrets named a")]),
    "commands": (
        role(PODS), role(PODS, rule("pods/exec", "create")),
        [("rbac-exec", "can run commands in pods in namespace n: create pods/exec")]),
    "escalation": (
        role(PODS), role(PODS, rule("roles", "bind", "rbac.authorization.k8s.io")),
        [("rbac-escalation",
          "can give itself more rights in namespace n: bind roles.rbac.authorization.k8s.io")]),
    "a wildcard that means secrets": (
        role(PODS), role(rule("'*'", "get")),
        [("rbac-secrets-readable", "can read secrets in namespace n: get *")]),
    "everything": (
        role(PODS) + BOUND % ("ClusterRoleBinding", "", "ClusterRole", "view"),
        role(PODS) + BOUND % ("ClusterRoleBinding", "", "ClusterRole", "cluster-admin"), None),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name, row in RIGHTS.items() if row[2] is not None])
def test_rights_are_compared_by_what_they_allow(name: str) -> None:
    """Rights count, not how a role is written."""
    old, new, expected = RIGHTS[name]
    assert messages(effects_between(old, new)) == expected


def test_cluster_admin_is_everything() -> None:
    """Kubernetes' own role needs no definition in the snapshot."""
    old, new, _ = RIGHTS["everything"]
    assert "rbac-everything" in {one.rule for one in effects_between(old, new).findings}


def test_rights_that_a_subject_has_everywhere_are_not_gained_in_a_namespace() -> None:
    """A cluster-wide binding covers every namespace."""
    wide = ROLE.replace("name: r", "name: c") % ("ClusterRole", "''", PODS)
    wide += BOUND.replace("name: b", "name: c") % ("ClusterRoleBinding", "''", "ClusterRole", "c")
    assert messages(effects_between(wide, wide + role(PODS))) == []


def test_aggregated_rules_reach_the_subject() -> None:
    """A labelled ClusterRole adds rights to Kubernetes' own role that a subject is bound to."""
    labelled = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: more, labels: {rbac.authorization.k8s.io/aggregate-to-edit: "true"}}
rules: [{apiGroups: [a.example], resources: [things], verbs: [create]}]
"""
    bound = BOUND % ("RoleBinding", "n", "ClusterRole", "edit")
    assert messages(effects_between(bound, bound + labelled)) == [
        ("rbac-gained", "gains rights in namespace n: create things.a.example")
    ]


def test_a_role_without_a_binding_has_a_finding() -> None:
    """In plain YAML, its binding may be in other files."""
    (found,) = effects_between(ROLE % ("Role", "n", PODS), ROLE % ("Role", "n", rule("pods", "get, list"))).findings
    assert (found.rule, found.risk) == ("rbac-gained", Risk.SECURITY)


POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: %s, namespace: n}
spec: %s
---
"""
DENY = POLICY % ("deny", "{podSelector: {}, policyTypes: [Ingress, Egress]}")
FROM = "{podSelector: %s, policyTypes: [Ingress], ingress: [{from: [%s], ports: [{port: %s}]}]}"
WEB = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: web}}}"
PATHS = {
    "a peer": (
        DENY, DENY + POLICY % ("a", FROM % ("{}", WEB, 80)),
        [("network-opened", "opened: from all pods of namespace web to all pods, TCP port 80")]),
    "a peer of some pods": (
        DENY, DENY + POLICY % ("a", FROM % ("{matchLabels: {app: db}}", WEB, 5432)),
        [("network-opened", "opened: from all pods of namespace web to pods app=db, TCP port 5432")]),
    "another port": (
        DENY + POLICY % ("a", FROM % ("{}", WEB, 80)), DENY + POLICY % ("a", FROM % ("{}", WEB, 81)),
        [("network-opened", "opened: from all pods of namespace web to all pods, TCP port 81"),
         ("network-closed", "closed: from all pods of namespace web to all pods, TCP port 80")]),
    "no denial left": (
        POLICY % ("deny", "{podSelector: {}, policyTypes: [Ingress]}"), "",
        [("network-opened", "opened: from anywhere to all pods, every port")]),
    "the same, split in two": (
        DENY + POLICY % ("a", FROM % ("{}", f"{WEB}, {{podSelector: {{}}}}", 80)),
        DENY + POLICY % ("a", FROM % ("{}", WEB, 80)) + POLICY % ("b", FROM % ("{}", "{podSelector: {}}", 80)), []),
    "a range in a range": (
        DENY + POLICY % ("a", FROM % ("{}", "{ipBlock: {cidr: 10.0.0.0/8}}", 80)),
        DENY + POLICY % ("a", FROM % ("{}", "{ipBlock: {cidr: 10.0.0.0/8}}, {ipBlock: {cidr: 10.1.0.0/16}}", 80)), []),
    "a wider range": (
        DENY + POLICY % ("a", FROM % ("{}", "{ipBlock: {cidr: 10.1.0.0/16}}", 80)),
        DENY + POLICY % ("a", FROM % ("{}", "{ipBlock: {cidr: 10.0.0.0/8}}", 80)),
        [("network-opened", "opened: from 10.0.0.0/8 to all pods, TCP port 80")]),
}  # fmt: skip


@pytest.mark.parametrize("name", PATHS)
def test_paths_are_compared_by_what_passes(name: str) -> None:
    """What policies allow counts, not how they are written."""
    old, new, expected = PATHS[name]
    assert messages(effects_between(old, new)) == expected


INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i, namespace: n}
spec: {rules: [%s]}
"""
BACKEND = "{host: %s, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}}"


def test_lost_hosts_of_an_ingress_are_found() -> None:
    """Another order of its rules is not a loss."""
    both, one = ", ".join([BACKEND % "a.example", BACKEND % "b.example"]), BACKEND % "a.example"
    turned = ", ".join([BACKEND % "b.example", BACKEND % "a.example"])
    assert messages(effects_between(INGRESS % both, INGRESS % one)) == [
        ("ingress-host-removed", "no longer serves b.example")
    ]
    assert not effects_between(INGRESS % both, INGRESS % turned).findings
