"""What is computed from both sides: rights, paths, quotas, hosts, images, restarts, custom kinds, versions."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bedplate import digest
from bedplate.diff.compare import compare
from bedplate.diff.finding import Amount, ImageChange, Meaning, Risk
from bedplate.diff.meaning import meaning
from bedplate.diff.side import ImageFacts, Side, Thing
from bedplate.model.host import HostFile, HostSpec
from bedplate.model.release import Compatibility, Release, Toolchain
from bedplate.render.identity import of


def side(text: str, **more: Any) -> Side:
    """Return a side of the objects of a YAML text."""
    objects = [one for one in yaml.safe_load_all(text) if one]
    return Side("side", {of(one): Thing(of(one), digest.of(one), one) for one in objects}, **more)


def judged(old: Side | str, new: Side | str) -> Meaning:
    """Return what the change from one to the other means."""
    before, after = (side(one) if isinstance(one, str) else one for one in (old, new))
    return meaning(before, after, compare(before, after))


def said(found: Meaning) -> list[tuple[str, str]]:
    """Return rules and facts, the worst first."""
    return [(one.rule, one.fact) for one in found.findings]


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
        role(PODS), role(rule("pods", "get, list")), [("rbac-gained", "may now in namespace n: list pods")]),
    "a verb less": (
        role(rule("pods", "get, list")), role(PODS), [("rbac-lost", "may no longer in namespace n: list pods")]),
    "written otherwise": (role(rule("pods, services", "get")), role(rule("services", "get"), PODS), []),
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
    """The text of a role may differ while its rights do not, and the other way round."""
    old, new, expected = RIGHTS[name]
    assert said(judged(old, new)) == expected


def test_cluster_admin_is_everything() -> None:
    """Kubernetes' own role needs no definition on the side."""
    old, new, _ = RIGHTS["everything"]
    assert "rbac-everything" in {one.rule for one in judged(old, new).findings}


def test_rights_that_a_subject_has_everywhere_are_not_gained_in_a_namespace() -> None:
    """A binding of the cluster covers each namespace."""
    wide = ROLE.replace("name: r", "name: c") % ("ClusterRole", "''", PODS)
    wide += BOUND.replace("name: b", "name: c") % ("ClusterRoleBinding", "''", "ClusterRole", "c")
    assert said(judged(wide, wide + role(PODS))) == []


def test_aggregated_rules_reach_the_subject() -> None:
    """A labelled ClusterRole adds to Kubernetes' own role that a group is bound to."""
    labelled = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: more, labels: {rbac.authorization.k8s.io/aggregate-to-edit: "true"}}
rules: [{apiGroups: [a.example], resources: [things], verbs: [create]}]
"""
    bound = BOUND % ("RoleBinding", "n", "ClusterRole", "edit")
    assert said(judged(bound, bound + labelled)) == [("rbac-gained", "may now in namespace n: create things.a.example")]


def test_a_role_that_nothing_binds_here_is_named() -> None:
    """In plain YAML its binding may be elsewhere."""
    (found,) = judged(ROLE % ("Role", "n", PODS), ROLE % ("Role", "n", rule("pods", "get, list"))).findings
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
        [("network-opened", "opened: from all pods of namespace web to all pods, port TCP 80")]),
    "a peer of some pods": (
        DENY, DENY + POLICY % ("a", FROM % ("{matchLabels: {app: db}}", WEB, 5432)),
        [("network-opened", "opened: from all pods of namespace web to pods app=db, port TCP 5432")]),
    "another port": (
        DENY + POLICY % ("a", FROM % ("{}", WEB, 80)), DENY + POLICY % ("a", FROM % ("{}", WEB, 81)),
        [("network-opened", "opened: from all pods of namespace web to all pods, port TCP 81"),
         ("network-closed", "closed: from all pods of namespace web to all pods, port TCP 80")]),
    "no denial any more": (
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
        [("network-opened", "opened: from 10.0.0.0/8 to all pods, port TCP 80")]),
}  # fmt: skip


@pytest.mark.parametrize("name", PATHS)
def test_paths_are_compared_by_what_passes(name: str) -> None:
    """A policy's text may differ while nothing opens or closes."""
    old, new, expected = PATHS[name]
    assert said(judged(old, new)) == expected


NAMESPACE = "{apiVersion: v1, kind: Namespace, metadata: {name: %s, labels: {bedplate.dev/tenant: vision}}}\n---\n"
QUOTA = "{apiVersion: v1, kind: ResourceQuota, metadata: {name: q, namespace: %s}, spec: {hard: %s}}\n---\n"
GPUS = "{requests.nvidia.com/gpu: %s, requests.cpu: %s, limits.cpu: %s}"


def tenant(gpus: str, cpu: str = "'4'") -> str:
    """Return a tenant with two namespaces, the second without a change."""
    mine = NAMESPACE % "a" + QUOTA % ("a", GPUS % (gpus, cpu, cpu))
    return mine + NAMESPACE % "b" + QUOTA % ("b", GPUS % ("'2'", "'4'", "'4'"))


def test_quotas_are_summed_by_tenant() -> None:
    """The amounts are the tenant's sums, and one sentence says requests and limits together."""
    found = judged(tenant("'4'"), tenant("'8'", "'6'"))
    assert found.quotas[-1] == Amount("tenant vision", "requests.nvidia.com/gpu", "6", "10")
    assert said(found) == [("quota-raised", "may use more: cpu 8 → 10, nvidia.com/gpu 6 → 10")]


def test_a_lower_quota_is_a_risk() -> None:
    """Pods that start anew may be refused."""
    (found,) = judged(tenant("'4'"), tenant("'1'")).findings
    assert (found.rule, found.risk, found.subject) == ("quota-lowered", Risk.DISRUPTION, "tenant vision")


def test_quotas_stand_beside_the_nodes() -> None:
    """Where nodes say what they have, quotas that promise more are named; elsewhere it is unknown."""
    node = "{apiVersion: v1, kind: Node, metadata: {name: w1}, status: {allocatable: {nvidia.com/gpu: '8'}}}\n---\n"
    found = judged(tenant("'4'") + node, tenant("'8'") + node)
    assert Amount("nodes", "requests.nvidia.com/gpu", "8", "8") in found.quotas
    assert [one.rule for one in found.findings] == ["quota-over-capacity", "quota-raised"]
    assert judged(tenant("'4'"), tenant("'8'")).facts["capacity"] == "unknown"


def test_a_new_tenant_loses_nothing() -> None:
    """Its first quota is no limit on what it had."""
    assert not judged("", tenant("'4'")).findings


def host(**more: Any) -> HostSpec:
    """Return a worker."""
    given: dict[str, Any] = {
        "host": "w1",
        "address": "10.0.0.1",
        "groups": ("workers",),
        "packages": {"containerd": "1.6.20", "linux-image-amd64": "6.1.1", "chrony": "4.3"},
        "binaries": {"kubelet": "1.34.3"},
        "services": ("kubelet.service",),
        "sysctls": {"vm.max_map_count": "65530"},
        "files": (HostFile(path="/etc/chrony/chrony.conf", content="a"),),
        "vars": {"apt_source_packages": {}},
    }
    spec = HostSpec(**given | more)
    return spec.model_copy(update={"digest": digest.of(spec.model_dump(mode="json", exclude={"digest"}))})


def hosts(**more: Any) -> Meaning:
    """Return what a change of the worker means."""
    return judged(side("", hosts={"w1": host()}), side("", hosts={"w1": host(**more)}))


RUNTIME = {"containerd": "1.7.2", "linux-image-amd64": "6.1.1", "chrony": "4.3"}
KERNEL = {"containerd": "1.6.20", "linux-image-amd64": "6.1.2", "chrony": "4.3"}
HOSTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a runtime and a kubelet": (
        {"packages": RUNTIME, "binaries": {"kubelet": "1.35.0"}},
        "host-drains", "is drained: containerd 1.6.20 → 1.7.2 and kubelet 1.34.3 → 1.35.0"),
    "a kernel": (
        {"packages": KERNEL}, "host-reboots", "is drained and rebooted: kernel linux-image-amd64 6.1.1 → 6.1.2"),
    "a sysctl": (
        {"sysctls": {"vm.max_map_count": "262144"}},
        "host-changes", "changes without a drain: sysctl vm.max_map_count 65530 → 262144, at once"),
    "a file": (
        {"files": (HostFile(path="/etc/chrony/chrony.conf", content="b"),)},
        "host-changes", "changes without a drain: file /etc/chrony/chrony.conf"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTS)
def test_hosts_drain_or_reboot_for_named_reasons(name: str) -> None:
    """One finding a host says the most that happens to it, and why."""
    more, rule_id, fact = HOSTS[name]
    assert said(hosts(**more)) == [(rule_id, fact)]


def test_drains_and_reboots_are_listed_by_node() -> None:
    """Programs read the reasons."""
    found = hosts(packages=RUNTIME | {"linux-image-amd64": "6.1.2"}, sysctls={})
    assert found.drains == {"w1": ("containerd 1.6.20 → 1.7.2",)}
    assert found.reboots == {"w1": ("kernel linux-image-amd64 6.1.1 → 6.1.2",)}
    assert not hosts(sysctls={}).drains


def test_a_worker_that_leaves_takes_its_disks() -> None:
    """Local volumes are on them."""
    (found,) = judged(side("", hosts={"w1": host()}), side("")).findings
    assert (found.rule, found.risk) == ("host-removed", Risk.DATA)


POD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: n}
spec:
  replicas: 2
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec:
      containers: [{name: c, image: "%s", envFrom: [{configMapRef: {name: %s}}]}]
---
"""
CONFIG = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: n}, data: {a: %s}}\n---\n"


def test_a_configuration_that_pods_do_not_read_anew_is_named() -> None:
    """Environment variables are read once; pods that are made anew read the new ones."""
    assert said(judged(POD % ("a:1", "m") + CONFIG % "b", POD % ("a:1", "m") + CONFIG % "c")) == [
        (
            "config-not-reloaded",
            "changes nothing yet: Deployment d keep the old content until their pods are made anew",
        )
    ]
    rules = {one.rule for one in judged(POD % ("a:1", "m") + CONFIG % "b", POD % ("a:2", "m") + CONFIG % "c").findings}
    assert rules == {"pods-restart"}


def test_a_configuration_deleted_under_its_reader_is_named() -> None:
    """New pods would not start."""
    found = judged(POD % ("a:1", "m") + CONFIG % "b", POD % ("a:1", "m"))
    assert [one.rule for one in found.findings] == ["config-missing"]
    assert not judged(POD % ("a:1", "z") + CONFIG % "b", POD % ("a:1", "z")).findings


def test_images_are_named_with_what_they_cost() -> None:
    """Bytes to carry are what the old bundle lacks, bytes to pull what a node with the old image lacks."""
    name = "quay.io/a/b"
    old = side(
        POD % (f"{name}:1", "m"),
        images={f"{name}:1": ImageFacts("sha256:1", {"base": 100, "one": 10})},
        blobs={"base": 100, "one": 10, "python": 50},
    )
    blobs = {"base": 100, "python": 50, "two": 7}
    new = side(POD % (f"{name}:2", "m"), images={f"{name}:2": ImageFacts("sha256:2", blobs)}, blobs=blobs)
    assert judged(old, new).images == (ImageChange(name, "1", "2", carry=7, pull=57),)
    assert judged(old, old).images == ()


def test_an_image_used_elsewhere_is_not_new() -> None:
    """A second workload with a known image brings no image."""
    second = (POD % ("quay.io/a/b:1", "m")).replace("name: d,", "name: e,")
    assert judged(POD % ("quay.io/a/b:1", "m"), POD % ("quay.io/a/b:1", "m") + second).images == ()


CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: as.a.example}
spec:
  group: a.example
  scope: Cluster
  names: {plural: as, kind: A}
  versions: %s
---
"""
VERSION = "{name: %s, served: %s, storage: %s, schema: {openAPIV3Schema: {type: object, properties: {spec: %s}}}}"
SPEC = "{type: object, required: [%s], properties: {%s}}"


def crd(spec: str = "{type: object}", *more: str) -> str:
    """Return a definition with v1, whose spec is given, and more versions."""
    return CRD % f"[{', '.join([VERSION % ('v1', 'true', 'true', spec), *more])}]"


DEFINITIONS = {
    "a field": (
        crd(SPEC % ("", "a: {type: string}")), crd(SPEC % ("", "a: {type: string}, b: {type: string}")),
        [("crd-field-added", "v1 gains fields: spec.b")]),
    "no field": (
        crd(SPEC % ("", "a: {type: string}, b: {type: string}")), crd(SPEC % ("", "a: {type: string}")),
        [("crd-field-removed", "v1 loses fields, and objects their values: spec.b")]),
    "a type": (
        crd(SPEC % ("", "a: {type: string}")), crd(SPEC % ("", "a: {type: integer}")),
        [("crd-field-type", "v1 changes types, and refuses what it took: spec.a string → integer")]),
    "a required field": (
        crd(SPEC % ("", "a: {type: string}")), crd(SPEC % ("a", "a: {type: string}")),
        [("crd-field-required", "v1 requires fields that it did not: spec.a")]),
    "an enum": (
        crd(SPEC % ("", "a: {type: string, enum: [b, c]}")), crd(SPEC % ("", "a: {type: string, enum: [b]}")),
        [("crd-field-stricter", "v1 refuses values that it took: spec.a: no longer c")]),
    "a description": (
        crd(SPEC % ("", "a: {type: string, description: b}")), crd(SPEC % ("", "a: {type: string, description: c}")),
        []),
    "a version": (crd(), crd("{type: object}", VERSION % ("v2", "true", "false", "{}")),
        [("crd-version-added", "serves v2 as well")]),
    "a version less": (crd("{type: object}", VERSION % ("v2", "true", "false", "{}")), crd(),
        [("crd-version-dropped", "drops v2: whoever writes it is refused")]),
    "another storage": (
        crd("{type: object}", VERSION % ("v2", "true", "false", "{}")),
        CRD % f"[{VERSION % ('v1', 'true', 'false', '{type: object}')}, {VERSION % ('v2', 'true', 'true', '{}')}]",
        [("crd-storage-moved",
          "stores objects as v2 instead of v1; those that exist change when they are written")]),
}  # fmt: skip


@pytest.mark.parametrize("name", DEFINITIONS)
def test_custom_kinds_are_compared_by_what_they_take(name: str) -> None:
    """Fields, types and versions are named; descriptions are not."""
    old, new, expected = DEFINITIONS[name]
    assert said(judged(old, new)) == expected


def test_an_object_in_a_version_that_is_dropped_is_named() -> None:
    """Its definition beside it says so."""
    both = crd("{type: object}", VERSION % ("v2", "true", "false", "{}"))
    mine = "{apiVersion: a.example/v2, kind: A, metadata: {name: x}}\n---\n"
    rules = sorted(one.rule for one in judged(both + mine, crd() + mine).findings)
    assert rules == ["crd-version-dropped", "custom-version-not-served"]


CRON = "{apiVersion: %s, kind: CronJob, metadata: {name: c, namespace: n}, spec: {schedule: '%s'}}\n---\n"


def test_versions_that_the_target_no_longer_serves_are_named() -> None:
    """An unchanged object is refused by a newer Kubernetes; one that the old one refused already is not new."""
    old, new = CRON % ("batch/v1beta1", "1 * * * *"), CRON % ("batch/v1", "1 * * * *")
    (found,) = judged(side(old, kubernetes="1.24.0"), side(old, kubernetes="1.25.0")).findings
    assert (found.rule, found.fact) == (
        "api-version-not-served",
        "is refused: Kubernetes serves no batch/v1beta1 since 1.25, write batch/v1",
    )
    assert not judged(side(old, kubernetes="1.24.0"), side(new, kubernetes="1.25.0")).findings
    assert not judged(side(old, kubernetes="1.25.0"), side(old, kubernetes="1.26.0")).findings
    assert [one.rule for one in judged("", old).findings] == ["api-version-not-served"]


def release(version: str, **more: Any) -> Side:
    """Return a side with a release."""
    tools = Toolchain(go="1", node="1")
    given = {"components": {"containerd": "1.6", "prometheus": "0.305.0"}} | more
    return side("", release=Release(version=version, toolchain=tools, epoch=0, **given))


NEEDS = Compatibility(id="toml", when={"containerd": ">=2"}, needs={"prometheus": ">=0.306"}, reason="its files moved")
RELEASES = {
    "over nothing": (release("2026.11.0"), release("2026.12.0"), ["release-path"]),
    "over the old one": (release("2026.11.0"), release("2026.12.0", upgradesFrom=["2026.11.0"]), []),
    "back": (release("2026.12.0"), release("2026.11.0"), ["release-downgrade"]),
    "a component back": (
        release("2026.11.0"), release("2026.11.0", components={"containerd": "1.5", "prometheus": "0.305.0"}),
        ["component-downgrade"]),
    "a rule broken": (
        release("2026.11.0"),
        release("2026.11.0", components={"containerd": "2.1", "prometheus": "0.305.0"}, compatibility=[NEEDS]),
        ["compatibility-broken"]),
    "a rule kept": (
        release("2026.11.0"),
        release("2026.11.0", components={"containerd": "2.1", "prometheus": "0.306.0"}, compatibility=[NEEDS]), []),
    "a minor version skipped": (
        side("", kubernetes="1.34.3"), side("", kubernetes="1.36.0"), ["kubernetes-skips-minor"]),
    "the next minor version": (side("", kubernetes="1.34.3"), side("", kubernetes="1.35.0"), []),
}  # fmt: skip


@pytest.mark.parametrize("name", RELEASES)
def test_releases_go_on_in_their_order(name: str) -> None:
    """Going back, skipping and what does not go together are named."""
    old, new, expected = RELEASES[name]
    assert [one.rule for one in judged(old, new).findings] == expected


INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i, namespace: n}
spec: {rules: [%s]}
"""
BACKEND = "{host: %s, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}}"


def test_hosts_that_an_ingress_loses_are_named() -> None:
    """Another order of its rules is no loss."""
    both, one = ", ".join([BACKEND % "a.example", BACKEND % "b.example"]), BACKEND % "a.example"
    turned = ", ".join([BACKEND % "b.example", BACKEND % "a.example"])
    assert said(judged(INGRESS % both, INGRESS % one)) == [("ingress-host-removed", "no longer serves b.example")]
    assert not judged(INGRESS % both, INGRESS % turned).findings
