"""Drift of objects: compare desired, applied and live ones field by field."""

from __future__ import annotations

import copy

import pytest

from bedplate.kube import object_id, secret_values
from bedplate.kube.change import ElementKey
from bedplate.object_drift import compare_objects
from bedplate.object_drift.field_owners import FieldOwners
from bedplate.object_drift.object_difference import Cause, ObjectDifference
from factories.live_objects import DEPLOYMENT, NIGHT, OURS, Json, entry, live, merged, resource, said


def without(fields: Json, *path: str) -> Json:
    """Return a set of fields without one of them."""
    changed = copy.deepcopy(fields)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return changed


def compared(desired: list[Json], applied: list[Json], current: list[Json]) -> list[ObjectDifference]:
    """Return the differences of some objects."""
    return compare_objects.compare_objects(
        {object_id.of(value): resource(value) for value in desired},
        {object_id.of(value): secret_values.hide(value) for value in applied},
        {object_id.of(value): secret_values.hide(value) for value in current},
    )


def test_what_the_server_adds_is_not_drift() -> None:
    """Defaults, status, other forms of quantities and Pulumi's own annotations are not differences."""
    annotated = merged(DEPLOYMENT, {"metadata": {"annotations": {"pulumi.com/patchFieldManager": "bedplate"}}})
    assert compared([DEPLOYMENT], [annotated], [live()]) == []
    assert compared([DEPLOYMENT], [], [live()]) == []


def test_a_value_changed_by_hand() -> None:
    """The difference has who changed the value, and when."""
    ours = without(OURS, "f:spec", "f:replicas")
    there = live(entry("kubectl", {"f:spec": {"f:replicas": {}}}, subresource="scale"), ours=ours)
    there["spec"]["replicas"] = 9
    (found,) = compared([DEPLOYMENT], [DEPLOYMENT], [there])
    assert said([found]) == [("changed", "spec.replicas", 2, 9, 2, "kubectl")]
    assert found.writer is not None
    assert found.writer.time == NIGHT
    assert (found.component, str(found.identity)) == ("shop", "apps/Deployment/shop/web")


def test_annotations_of_others_are_compared_and_those_of_pulumi_are_not() -> None:
    """Only Pulumi reads its own annotations, so nobody's change of them matters."""
    names: Json = {"f:team": {}, "f:pulumi.com/skipAwait": {}}
    there = live(entry("kubectl-annotate", {"f:metadata": {"f:annotations": names}}))
    there["metadata"]["annotations"] = {"team": "b", "pulumi.com/skipAwait": "x"}
    wanted = merged(DEPLOYMENT, {"metadata": {"annotations": {"team": "a"}}})
    expected = [("changed", "metadata.annotations.team", "a", "b", "a", "kubectl-annotate")]
    assert said(compared([wanted], [wanted], [there])) == expected


def test_a_finalizer_of_others_is_drift() -> None:
    """What a diff of manifests leaves out of live objects is still a difference to what was applied."""
    there = live(entry("kubectl-edit", {"f:metadata": {"f:finalizers": {'v:"example.org/hold"': {}}}}))
    there["metadata"] |= {"uid": "1", "finalizers": ["example.org/hold"]}
    assert [one[1] for one in said(compared([DEPLOYMENT], [DEPLOYMENT], [there]))] == ["metadata.finalizers"]


def test_other_versions_of_the_same_interface_are_no_difference() -> None:
    """The server gives objects in the version that it prefers; a release may change the one that it renders."""
    older = {"apiVersion": "apps/v1beta2"}
    assert compared([DEPLOYMENT], [DEPLOYMENT], [merged(live(), older)]) == []
    assert compared([DEPLOYMENT], [merged(DEPLOYMENT, older)], [live()]) == []


def test_a_value_that_we_still_own_is_as_we_applied_it() -> None:
    """The server may write a value in another form; who changes it becomes its owner."""
    there = live()
    there["spec"]["replicas"] = "2.0"
    assert compared([DEPLOYMENT], [DEPLOYMENT], [there]) == []


def test_a_value_added_by_hand_or_by_a_controller() -> None:
    """What a person adds is drift; what a controller adds is not."""
    fields: Json = {"f:spec": {"f:template": {"f:metadata": {"f:annotations": {".": {}, "f:restartedAt": {}}}}}}
    for manager, expected in (("kubectl-rollout", 1), ("kube-controller-manager", 0)):
        there = live(entry(manager, fields))
        there["spec"]["template"]["metadata"]["annotations"] = {"restartedAt": "now"}
        found = compared([DEPLOYMENT], [DEPLOYMENT], [there])
        assert len(found) == expected
        assert [difference.writer.manager for difference in found if difference.writer] == [manager] * expected


GUARDS: dict[str, tuple[str, str, Json, Json, Json]] = {
    "network policy": (
        "networking.k8s.io/v1",
        "NetworkPolicy",
        {"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}},
        {"spec": {"ingress": [{}]}},
        {"f:spec": {"f:ingress": {}}},
    ),
    "rights": (
        "rbac.authorization.k8s.io/v1",
        "Role",
        {"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]},
        {"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["one"]}]},
        {"f:rules": {}},
    ),
    "quota": ("v1", "ResourceQuota", {"spec": {"hard": {"pods": "1"}}}, {"spec": {"scopes": ["BestEffort"]}}, {}),
    "limits": ("v1", "LimitRange", {"spec": {}}, {"spec": {"limits": [{"type": "Pod", "max": {"cpu": "99"}}]}}, {}),
    "namespace": ("v1", "Namespace", {}, {"metadata": {"labels": {"tenant": "other"}}}, {}),
    "admission policy": (
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicy",
        {"spec": {"failurePolicy": "Fail"}},
        {"spec": {"matchConditions": [{"name": "never", "expression": "false"}]}},
        {"f:spec": {"f:matchConditions": {}}},
    ),
}
"""API version, kind, applied fields, added ones, and managedFields of these."""
MANAGERS = ("argocd-controller", "kube-controller-manager", "kubelet", "some-operator", "bedplate")


@pytest.mark.parametrize("manager", MANAGERS)
@pytest.mark.parametrize("case", GUARDS)
def test_no_controller_adds_to_what_guards_others(case: str, manager: str) -> None:
    """A field that opens something is drift, whatever its writer calls itself, also if it takes our name."""
    api, kind, own, added, fields = GUARDS[case]
    applied = {"apiVersion": api, "kind": kind, "metadata": {"name": "guard", "namespace": "shop"}, **own}
    there = merged(applied, added)
    written = fields or {f"f:{key}": {f"f:{inner}": {} for inner in value} for key, value in added.items()}
    there["metadata"]["managedFields"] = [entry("bedplate", {}, "Apply"), entry(manager, written)]
    found = compared([applied], [applied], [there])
    assert found, "no drift"
    assert {one.writer.manager for one in found if one.writer} == {manager}


def test_a_field_without_owners_on_what_guards_others_is_drift() -> None:
    """Whoever adds a rule may also remove managedFields: without any, what was added counts."""
    applied = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "default-deny", "namespace": "shop"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }
    opened = merged(applied, {"spec": {"ingress": [{}]}})
    assert len(compared([applied], [applied], [opened])) == 1


def test_rules_that_kubernetes_aggregates_are_not_drift() -> None:
    """The rules of a ClusterRole with an aggregationRule are filled in by Kubernetes; anyone else's are drift."""
    rule = {"clusterRoleSelectors": [{"matchLabels": {"part": "view"}}]}
    applied = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "all"},
        "aggregationRule": rule,
    }
    ours = entry("bedplate", {"f:aggregationRule": {}}, "Apply")
    for manager, expected in (("clusterrole-aggregation-controller", 0), ("some-controller", 1)):
        there = merged(applied, {"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]})
        there["metadata"]["managedFields"] = [ours, entry(manager, {"f:rules": {}}, "Apply")]
        assert len(compared([applied], [applied], [there])) == expected


@pytest.mark.parametrize("manager", ["argocd-controller", "some-operator", "kube-friend", "my-provisioner"])
def test_a_name_like_a_controllers_is_not_a_controller(manager: str) -> None:
    """Only the managers of Kubernetes and of the release's own components may add fields elsewhere."""
    there = live(entry(manager, {"f:spec": {"f:paused": {}}}))
    there["spec"]["paused"] = True
    assert len(compared([DEPLOYMENT], [DEPLOYMENT], [there])) == 1


def test_a_value_removed_by_hand() -> None:
    """A removed value has no owner, so the last writer of the object is named."""
    there = live(entry("kubectl-edit", {"f:spec": {"f:paused": {}}}), ours=without(OURS, "f:metadata"))
    there["metadata"]["labels"] = {}
    ((cause, path, *_, writer),) = said(compared([DEPLOYMENT], [DEPLOYMENT], [there]))
    assert (cause, writer) == ("changed", "kubectl-edit")
    assert path.startswith("metadata.labels")


def test_what_the_next_apply_changes_is_pending() -> None:
    """A change of the environment since the last apply is not drift."""
    wanted = merged(DEPLOYMENT, {"spec": {"replicas": 3}})
    assert said(compared([wanted], [DEPLOYMENT], [live()])) == [("pending", "spec.replicas", 2, 2, 3, "")]


def test_drift_and_pending_meet() -> None:
    """A value that was changed by hand and will change is reported once; one that is already as desired, not at all."""
    ours = without(OURS, "f:spec", "f:replicas")
    there = live(entry("kubectl", {"f:spec": {"f:replicas": {}}}), ours=ours)
    there["spec"]["replicas"] = 9
    wanted = merged(DEPLOYMENT, {"spec": {"replicas": 3}})
    assert said(compared([wanted], [DEPLOYMENT], [there])) == [("changed", "spec.replicas", 2, 9, 3, "kubectl")]
    wanted["spec"]["replicas"] = 9
    assert compared([wanted], [DEPLOYMENT], [there]) == []


@pytest.mark.parametrize(
    ("desired", "applied", "live_objects", "expected"),
    [
        ([DEPLOYMENT], [DEPLOYMENT], [], [Cause.DELETED]),
        ([DEPLOYMENT], [], [], [Cause.PENDING]),
        ([], [DEPLOYMENT], [live()], [Cause.PENDING]),
        ([], [DEPLOYMENT], [], []),
        ([], [], [live(entry("kubectl-create", {}))], [Cause.FOREIGN]),
        ([], [], [live()], []),
        ([], [], [merged(live(), {"metadata": {"managedFields": None}})], [Cause.FOREIGN]),
        ([], [], [merged(live(entry("kubectl", {})), {"metadata": {"labels": {"bedplate.dev/component": ""}}})], []),
        ([], [], [merged(live(entry("x", {})), {"metadata": {"ownerReferences": [{"kind": "X"}]}})], []),
    ],
)
def test_whole_objects(
    desired: list[Json], applied: list[Json], live_objects: list[Json], expected: list[Cause]
) -> None:
    """Objects that were deleted, are not applied yet, will be removed, have our label, or are not ours."""
    found = compared(desired, applied, live_objects)
    assert [difference.cause for difference in found] == expected
    assert [difference.component for difference in found] == ["shop"] * len(expected)


def test_an_object_of_others_has_its_author() -> None:
    """Who created an object with our label is named."""
    (found,) = compared([], [], [live(entry("kubectl-create", {}))])
    assert (found.cause, found.writer and found.writer.manager) == (Cause.FOREIGN, "kubectl-create")


def test_owners_of_a_list_s_element() -> None:
    """An element is found by its keys, even if the server counts more fields as keys."""
    owners = FieldOwners(live(entry("kubectl-edit", {"f:spec": {"f:x": {"i:0": {}}}})), "bedplate")
    container = ("spec", "template", "spec", "containers", ElementKey((("name", "web"),)))
    assert owners.is_ours((*container, "image"))
    assert owners.is_ours((*container, "ports", ElementKey((("containerPort", 8080),)), "containerPort"))
    assert owners.is_ours(("spec", "selector", "matchLabels", "app"))
    assert not owners.is_ours((*container, "args"))
    assert not owners.is_ours(("spec", "template", "spec", "containers", ElementKey((("name", "other"),))))
    assert [writer.manager for writer in owners.others(("spec", "x", 0))] == ["kubectl-edit"]


def test_a_custom_resource_without_a_schema() -> None:
    """A server that has no schema keeps `f:spec: {}` for the mapping alone; what others changed in it is drift."""
    custom: Json = {"apiVersion": "shop.test/v1", "kind": "Cart", "metadata": {"name": "a"}, "spec": {"wheels": 4}}
    fields = [entry("bedplate", {"f:spec": {}}, operation="Apply"), entry("kubectl", {"f:spec": {"f:wheels": {}}})]
    there = {**custom, "spec": {"wheels": 3}, "metadata": {"name": "a", "managedFields": fields}}
    assert said(compared([custom], [custom], [there])) == [("changed", "spec.wheels", 4, 3, 4, "kubectl")]
