"""The rules kept as data: changes that match them, and similar changes that do not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from bedplate.config.diff_rule import DiffRule
from bedplate.core import digest
from bedplate.diff.compare.compare_snapshots import compare
from bedplate.diff.effects.all_effects import find_effects
from bedplate.diff.effects.effect_finding import Effects, Risk
from bedplate.kube.object_id import of
from bedplate.kube.snapshot import Resource, Snapshot


def snapshot_of(*objects: dict[str, Any], **more: Any) -> Snapshot:
    """Return a snapshot of plain objects."""
    return Snapshot("snapshot", {of(one): Resource(of(one), digest.of(one), one) for one in objects}, **more)


def effects_between(old: list[dict[str, Any]], new: list[dict[str, Any]], **more: Any) -> Effects:
    """Return the effects of the change from one to the other."""
    before, after = snapshot_of(*old), snapshot_of(*new, **more)
    return find_effects(before, after, compare(before, after))


def made(kind: str, body: str = "", version: str = "v1", name: str = "x", namespace: str = "n") -> dict[str, Any]:
    """Return an object; the body is YAML without the head."""
    head = {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}}
    return head | (yaml.safe_load(body) or {})


def deployment(pod: str = "", spec: str = "") -> dict[str, Any]:
    """Return a Deployment; the pod's fields and its own are YAML."""
    template = {
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"name": "a", "image": "docker.io/library/a:1"}], **(yaml.safe_load(pod) or {})},
    }
    body = {"selector": {"matchLabels": {"app": "x"}}, "replicas": 2, "template": template}
    return made("Deployment", version="apps/v1") | {"spec": body | (yaml.safe_load(spec) or {})}


def contained(text: str) -> dict[str, Any]:
    """Return a Deployment whose one container has more fields, in YAML."""
    one = deployment()
    one["spec"]["template"]["spec"]["containers"][0] |= yaml.safe_load(text) or {}
    return one


CLAIM = "spec: {resources: {requests: {storage: %s}}, storageClassName: %s}"
SET = "{serviceName: %s, replicas: %s, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: []}}, volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: {storage: %s}}}}], persistentVolumeClaimRetentionPolicy: {whenDeleted: %s}}"  # noqa: E501


def stateful(service: str = "a", replicas: int = 2, size: str = "1Gi", deleted: str = "Retain") -> dict[str, Any]:
    """Return a StatefulSet."""
    return made("StatefulSet", f"spec: {SET % (service, replicas, size, deleted)}", "apps/v1")


def job(image: str, **spec: Any) -> dict[str, Any]:
    """Return a Job."""
    pod = {"containers": [{"name": "a", "image": image}], "restartPolicy": "Never"}
    return made("Job", version="batch/v1") | {"spec": {"template": {"spec": pod}, **spec}}


CRD = """
spec:
  group: a.example
  scope: %s
  names: {plural: as, kind: A}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
"""
SERVICE = "spec: {type: %s, selector: {a: %s}, ports: [{name: web, port: %s}]}"
HOOK = "webhooks: [{name: a.example, failurePolicy: %s, sideEffects: None, admissionReviewVersions: [v1]}]"
BINDING = "{roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %s}}"
CHANGED: dict[str, tuple[dict[str, Any], dict[str, Any], set[str]]] = {
    "a selector": (
        deployment(), deployment(spec="selector: {matchLabels: {app: x, b: c}}"), {"immutable-deployment-selector"}),
    "a label": (
        deployment(), deployment() | {"metadata": {"name": "x", "namespace": "n", "labels": {"a": "b"}}}, set()),
    "an image": (deployment(), contained("image: docker.io/library/a:2"), {"pods-restart"}),
    "a governing service": (stateful(), stateful(service="b"), {"immutable-statefulset-spec"}),
    "a volume template": (stateful(), stateful(size="2Gi"), {"immutable-statefulset-volumes"}),
    "both of them": (stateful(), stateful(service="b", size="2Gi"), {"immutable-statefulset-volumes"}),
    "a volume template, deleted with the set": (
        stateful(deleted="Delete"), stateful(size="2Gi", deleted="Delete"), {"immutable-statefulset-volumes-deleted"}),
    "a retention": (stateful(), stateful(deleted="Delete"), {"statefulset-volumes-deleted-later"}),
    "replicas": (stateful(), stateful(replicas=3), set()),
    "no replicas": (stateful(), stateful(replicas=0), {"scaled-to-zero"}),
    "a job's image": (job("a:1"), job("a:2"), {"immutable-job-template"}),
    "a job's parallelism": (job("a:1", parallelism=1), job("a:1", parallelism=2), set()),
    "a claim's class": (
        made("PersistentVolumeClaim", CLAIM % ("1Gi", "a")), made("PersistentVolumeClaim", CLAIM % ("1Gi", "b")),
        {"immutable-claim-spec"}),
    "a claim that grows": (
        made("PersistentVolumeClaim", CLAIM % ("1Gi", "a")), made("PersistentVolumeClaim", CLAIM % ("2Gi", "a")),
        set()),
    "a claim that shrinks": (
        made("PersistentVolumeClaim", CLAIM % ("2Gi", "a")), made("PersistentVolumeClaim", CLAIM % ("1Gi", "a")),
        {"claim-shrunk"}),
    "a storage class's parameters": (
        made("StorageClass", "{provisioner: a, parameters: {b: c}}", "storage.k8s.io/v1", namespace=""),
        made("StorageClass", "{provisioner: a, parameters: {b: d}}", "storage.k8s.io/v1", namespace=""),
        {"immutable-storageclass-parameters"}),
    "a reclaim policy to Delete": (
        made("StorageClass", "{provisioner: a, reclaimPolicy: Retain}", "storage.k8s.io/v1", namespace=""),
        made("StorageClass", "{provisioner: a, reclaimPolicy: Delete}", "storage.k8s.io/v1", namespace=""),
        {"storageclass-reclaim-delete"}),
    "a definition's scope": (
        made("CustomResourceDefinition", CRD % "Cluster", "apiextensions.k8s.io/v1", namespace=""),
        made("CustomResourceDefinition", CRD % "Namespaced", "apiextensions.k8s.io/v1", namespace=""),
        {"immutable-crd-scope"}),
    "a secret's type": (
        made("Secret", "type: Opaque"), made("Secret", "type: a.example/b"), {"immutable-secret-type"}),
    "an immutable map": (
        made("ConfigMap", "{immutable: true, data: {a: b}}"), made("ConfigMap", "{immutable: true, data: {a: c}}"),
        {"immutable-configmap-data"}),
    "a mutable map": (made("ConfigMap", "data: {a: b}"), made("ConfigMap", "data: {a: c}"), set()),
    "a priority": (
        made("PriorityClass", "value: 1", "scheduling.k8s.io/v1", namespace=""),
        made("PriorityClass", "value: 2", "scheduling.k8s.io/v1", namespace=""), {"immutable-priorityclass-value"}),
    "a service's address": (
        made("Service", "spec: {clusterIP: 10.0.0.1}"), made("Service", "spec: {clusterIP: 10.0.0.2}"),
        {"immutable-service-address"}),
    "a service's selector": (
        made("Service", SERVICE % ("ClusterIP", "b", 80)), made("Service", SERVICE % ("ClusterIP", "c", 80)),
        {"service-selector"}),
    "a service's type": (
        made("Service", SERVICE % ("ClusterIP", "b", 80)), made("Service", SERVICE % ("NodePort", "b", 80)),
        {"service-node-port-opened"}),
    "a webhook that must answer": (
        made("ValidatingWebhookConfiguration", HOOK % "Ignore", "admissionregistration.k8s.io/v1", namespace=""),
        made("ValidatingWebhookConfiguration", HOOK % "Fail", "admissionregistration.k8s.io/v1", namespace=""),
        {"webhook-must-answer"}),
    "a webhook that may be skipped": (
        made("ValidatingWebhookConfiguration", HOOK % "Fail", "admissionregistration.k8s.io/v1", namespace=""),
        made("ValidatingWebhookConfiguration", HOOK % "Ignore", "admissionregistration.k8s.io/v1", namespace=""),
        {"webhook-may-be-skipped"}),
    "privileged": (
        deployment(), contained("securityContext: {privileged: true}"), {"privileged", "pods-restart"}),
    "no longer privileged": (
        contained("securityContext: {privileged: true}"), deployment(), {"privileged-lost", "pods-restart"}),
    "still not privileged": (deployment(), contained("securityContext: {privileged: false}"), {"pods-restart"}),
    "escalation permitted": (
        contained("securityContext: {allowPrivilegeEscalation: false}"), deployment(),
        {"privilege-escalation", "pods-restart"}),
    "capabilities": (
        contained("securityContext: {capabilities: {add: [CHOWN]}}"),
        contained("securityContext: {capabilities: {add: [CHOWN, SYS_ADMIN]}}"), {"capability-added", "pods-restart"}),
    "capabilities in another order": (
        contained("securityContext: {capabilities: {add: [CHOWN, KILL]}}"),
        contained("securityContext: {capabilities: {add: [KILL, CHOWN]}}"), {"pods-restart"}),
    "no longer drops": (
        contained("securityContext: {capabilities: {drop: [ALL]}}"), deployment(), {"capability-kept", "pods-restart"}),
    "a user moved from container to pod": (
        contained("securityContext: {runAsNonRoot: true}"),
        deployment("securityContext: {runAsNonRoot: true}"), {"pods-restart"}),
    "root again": (
        deployment("securityContext: {runAsNonRoot: true}"), contained("securityContext: {runAsNonRoot: false}"),
        {"run-as-non-root-dropped", "pods-restart"}),
    "user 0": (deployment(), deployment("securityContext: {runAsUser: 0}"), {"run-as-root", "pods-restart"}),
    "unconfined": (
        deployment(), contained("securityContext: {seccompProfile: {type: Unconfined}}"),
        {"seccomp-unconfined", "pods-restart"}),
    "pods that wait": (
        deployment(spec="updateStrategy: {type: OnDelete}") | {"kind": "DaemonSet"},
        deployment("nodeName: a", spec="updateStrategy: {type: OnDelete}") | {"kind": "DaemonSet"},
        {"pods-not-replaced"}),
    "a network's daemons": (
        deployment() | {"kind": "DaemonSet", "metadata": {"name": "kube-router", "namespace": "n"}},
        deployment("nodeName: a") | {"kind": "DaemonSet", "metadata": {"name": "kube-router", "namespace": "n"}},
        {"network-restart"}),
    "a service's port": (
        made("Service", SERVICE % ("ClusterIP", "b", 80)), made("Service", SERVICE % ("ClusterIP", "b", 81)),
        {"service-port-removed"}),
    "the node's network": (deployment(), deployment("hostNetwork: true"), {"host-network", "pods-restart"}),
    "a path of the node": (
        deployment(), deployment("volumes: [{name: a, hostPath: {path: /dev}}]"), {"host-path", "pods-restart"}),
    "another path of the node": (
        deployment("volumes: [{name: a, hostPath: {path: /a}}]"),
        deployment("volumes: [{name: a, hostPath: {path: /b}}]"),
        {"host-path-moved", "pods-restart"}),
    "another volume instead of a claim": (
        deployment("volumes: [{name: a, persistentVolumeClaim: {claimName: c}}]"),
        deployment("volumes: [{name: a, emptyDir: {}}]"), {"mount-loses-claim", "pods-restart"}),
    "a looser namespace": (
        made("Namespace", "metadata: {name: x, labels: {pod-security.kubernetes.io/enforce: restricted}}"),
        made("Namespace", "metadata: {name: x, labels: {pod-security.kubernetes.io/enforce: baseline}}"),
        {"pod-security-loosened"}),
    "all stop first": (
        deployment(spec="strategy: {type: Recreate}"),
        deployment("nodeName: a", spec="strategy: {type: Recreate}"), {"pods-restart-gap"}),
    "one that is created before the old one stops": (
        deployment(spec="replicas: 1"), deployment("nodeName: a", spec="replicas: 1"), {"pods-restart"}),
    "roleRef": (
        made("RoleBinding", BINDING % "a", "rbac.authorization.k8s.io/v1"),
        made("RoleBinding", BINDING % "b", "rbac.authorization.k8s.io/v1"), {"immutable-rolebinding-role"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_a_change_has_exactly_the_expected_findings(name: str) -> None:
    """Every effect is found once, and nothing else."""
    old, new, expected = CHANGED[name]
    found = effects_between([old], [new]).findings
    assert {one.rule for one in found} == expected
    assert len(found) == len(expected)
    assert not effects_between([old], [copy.deepcopy(old)]).findings


GONE = {
    "a namespace": ([made("Namespace", name="n", namespace=""), deployment()], {"namespace-deleted"}),
    "a definition": (
        [made("CustomResourceDefinition", CRD % "Cluster", "apiextensions.k8s.io/v1", namespace="")], {"crd-deleted"}),
    "a claim": ([made("PersistentVolumeClaim", CLAIM % ("1Gi", "a"))], {"claim-deleted"}),
    "a set": ([stateful()], {"workload-deleted"}),
    "a set with its volumes": ([stateful(deleted="Delete")], {"statefulset-deleted-with-volumes"}),
    "a service": ([made("Service", SERVICE % ("ClusterIP", "b", 80))], {"service-deleted"}),
    "a budget": ([made("PodDisruptionBudget", "spec: {minAvailable: 1}", "policy/v1")], {"budget-removed"}),
    "a map that nothing reads": ([made("ConfigMap", "data: {a: b}")], set()),
    "a custom Service": ([made("Service", version="serving.knative.dev/v1")], set()),
}  # fmt: skip


@pytest.mark.parametrize("name", GONE)
def test_a_deletion_has_one_finding(name: str) -> None:
    """Deleting something has one effect, and adding it none."""
    objects, expected = GONE[name]
    assert {one.rule for one in effects_between(objects, []).findings} == expected
    assert not effects_between([], objects).findings


def test_a_new_privileged_workload_gains_privileges() -> None:
    """A new container with privileges gains them."""
    found = effects_between(
        [], [contained("securityContext: {privileged: true, capabilities: {add: [NET_ADMIN]}}")]
    ).findings
    assert [(one.rule, one.risk) for one in found] == [
        ("capability-added", Risk.SECURITY),
        ("privileged", Risk.SECURITY),
    ]


def test_a_removed_container_does_not_lose_its_settings() -> None:
    """Removing a restricted container does not loosen anything."""
    strict = {"name": "b", "image": "docker.io/library/b:1", "securityContext": {"allowPrivilegeEscalation": False}}
    old = deployment()
    old["spec"]["template"]["spec"]["containers"].append(strict)
    assert {one.rule for one in effects_between([old], [deployment()]).findings} == {"pods-restart"}


def test_two_reasons_to_replace_are_one_finding() -> None:
    """A set is replaced once, and the finding names both fields."""
    (found,) = effects_between([stateful()], [stateful(service="b", size="2Gi")]).findings
    assert "spec.serviceName" in found.message
    assert "spec.volumeClaimTemplates" in found.message


def test_values_of_secrets_are_in_no_message() -> None:
    """The message of a rule about a Secret contains none of its values."""
    old, new = (made("Secret", f"{{immutable: true, data: {{a: hidden:{v}}}}}") for v in ("0123", "4567"))
    text = repr(effects_between([old], [new]))
    assert "0123" not in text
    assert "4567" not in text


def test_a_component_adds_a_rule() -> None:
    """A rule of the new snapshot counts like Bedplate's own."""
    rule = DiffRule(
        id="model-reloads",
        kinds=["a.example/Model"],
        path="spec.weights",
        risk="disruption",
        message="loads {new} instead of {old}",
        source="https://a.example/docs",
    )
    old, new = (made("Model", f"spec: {{weights: {v}}}", "a.example/v1") for v in ("a", "b"))
    (found,) = effects_between([old], [new], rules=(rule,)).findings
    assert (found.rule, found.message) == ("model-reloads", "loads b instead of a")
    assert not effects_between([old], [new]).findings
