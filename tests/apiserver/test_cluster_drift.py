"""Drift between a release, its last apply, and objects on the release's own API server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bedplate.drift.drift_difference import Drift
from bedplate.kube.change import path_text
from bedplate.object_drift.object_difference import Cause
from bedplate.pki.secret_files import read_secret
from factories.shop_objects import account, role, secret, service, settings
from factories.small_platform import COMPONENT, SECRET, SmallPlatform

Json = dict[str, Any]
BY_HAND = "aGFuZA=="
FOREIGN = (Cause.FOREIGN, "ConfigMap", "by-hand")


def _objects(shop: SmallPlatform, color: str = "blue") -> list[Json]:
    return [settings(shop, color=color, size="small"), secret(shop), service(shop), account(shop), role(shop)]


@pytest.fixture
def applied(shop: SmallPlatform) -> SmallPlatform:
    """Return an environment whose release is applied."""
    shop.apply(*_objects(shop))
    return shop


def _differences(drift: Drift) -> set[tuple[Cause, str, str, str, str]]:
    """Return cause, kind, name, path and author of every difference."""
    return {
        (one.cause, one.identity.kind, one.identity.name, path_text(one.path), one.writer.manager if one.writer else "")
        for one in drift.objects
    }


def _whole_objects(drift: Drift) -> set[tuple[Cause, str, str]]:
    return {(one.cause, one.identity.kind, one.identity.name) for one in drift.objects if not one.path}


def _patch(shop: SmallPlatform, kind: str, name: str, **data: str) -> None:
    shop.kubectl("patch", kind, name, "--patch", json.dumps({"data": data}))


def _create_foreign(shop: SmallPlatform) -> None:
    """Create an object by hand that carries the label of the platform's objects."""
    shop.kubectl("create", "configmap", "by-hand")
    shop.kubectl("label", "configmap", "by-hand", f"bedplate.dev/component={COMPONENT}")


def test_there_is_no_drift_after_an_apply(applied: SmallPlatform) -> None:
    """Every object is compared, and fields that the server fills in are not drift."""
    found = applied.drift()
    assert (found.objects, found.unknown, found.is_drifted) == ((), (), False)
    assert found.looked == len([*_objects(applied), "namespace"])


def test_an_edit_is_reported_with_its_author(applied: SmallPlatform) -> None:
    """A changed value is reported as it was applied and as it is, with the program that changed it and the time."""
    _patch(applied, "configmap", "settings", color="red")
    (one,) = applied.drift().objects
    assert (one.cause, path_text(one.path)) == (Cause.CHANGED, "data.color")
    assert (one.applied, one.live, one.desired) == ("blue", "red", "blue")
    assert one.writer
    assert (one.writer.manager, bool(one.writer.time)) == ("kubectl-patch", True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ("patch", "service", "web", "--patch", '{"spec": {"ports": [{"port": 9090, "targetPort": 1}]}}'),
            ("Service", "web", "spec.ports[port=9090,protocol=TCP].targetPort", "kubectl-patch"),
        ),
        (
            ("label", "--overwrite", "serviceaccount", "clerk", "app.kubernetes.io/part-of=other"),
            ("ServiceAccount", "clerk", 'metadata.labels."app.kubernetes.io/part-of"', "kubectl-label"),
        ),
        (
            ("annotate", "service", "web", "team=retail"),
            ("Service", "web", "metadata.annotations", "kubectl-annotate"),
        ),
        (
            ("patch", "configmap", "settings", "--type=json", "--patch", '[{"op": "remove", "path": "/data/size"}]'),
            ("ConfigMap", "settings", "data.size", ""),
        ),
    ],
    ids=["element of a list", "label", "added annotation", "removed key"],
)
def test_an_edit_is_reported_at_its_path(
    words: tuple[str, ...], expected: tuple[str, str, str, str], applied: SmallPlatform
) -> None:
    """Edited elements of lists, labels, added and removed keys are drift; a removed key has no author."""
    applied.kubectl(*words)
    assert _differences(applied.drift()) == {(Cause.CHANGED, *expected)}


def test_fields_that_controllers_add_are_not_drift(applied: SmallPlatform) -> None:
    """Kubernetes' own controllers may add fields to objects of the release."""
    applied.kubectl("annotate", "service", "web", "team=retail", "--field-manager=kube-controller-manager")
    assert applied.drift().objects == ()


@pytest.mark.parametrize("manager", ["argocd-controller", "kube-controller-manager", "bedplate"])
def test_who_opens_a_network_cannot_pass_for_a_controller(shop: SmallPlatform, manager: str) -> None:
    """A rule added to a network policy is drift, whatever its writer calls itself."""
    spec = {"podSelector": {}, "policyTypes": ["Ingress"]}
    policy = shop.object("NetworkPolicy", "default-deny", {"spec": spec}, api="networking.k8s.io/v1")
    shop.apply(*_objects(shop), policy)
    patch = json.dumps({"spec": {"ingress": [{}]}})
    shop.kubectl("patch", "networkpolicy", "default-deny", "--patch", patch, f"--field-manager={manager}")
    expected = (Cause.CHANGED, "NetworkPolicy", "default-deny", "spec.ingress", manager)
    assert _differences(shop.drift()) == {expected}


def test_an_edited_secret_is_reported_without_its_value(applied: SmallPlatform) -> None:
    """The changed key of a Secret is named, and neither its old nor its new value is reported."""
    _patch(applied, "secret", "shop", password=BY_HAND)
    found = applied.drift()
    assert _differences(found) == {(Cause.CHANGED, "Secret", "shop", "data.password", "kubectl-patch")}
    text = json.dumps(found.as_json())
    assert read_secret(applied.site, SECRET).decode() not in text
    assert BY_HAND not in text


def test_deleted_and_foreign_objects_are_reported(applied: SmallPlatform) -> None:
    """A deleted object is drift, and so is one with the platform's label that the release does not have."""
    applied.kubectl("delete", "service", "web")
    applied.kubectl("create", "configmap", "unlabelled")
    _create_foreign(applied)
    assert _whole_objects(applied.drift()) == {(Cause.DELETED, "Service", "web"), FOREIGN}


def test_changes_of_the_release_are_pending(applied: SmallPlatform) -> None:
    """What the release changes, adds or drops is pending; an edit of the same object is still drift."""
    first, *others, _ = _objects(applied, "green")
    applied.declare(first, *others, applied.object("ConfigMap", "new", {"data": {}}))
    _patch(applied, "configmap", "settings", size="large")
    found = applied.drift()
    assert {one[:4] for one in _differences(found)} == {
        (Cause.PENDING, "ConfigMap", "settings", "data.color"),
        (Cause.PENDING, "ConfigMap", "new", ""),
        (Cause.PENDING, "Role", "clerk", ""),
        (Cause.CHANGED, "ConfigMap", "settings", "data.size"),
    }
    assert [path_text(one.path) for one in found.drifted] == ["data.size"]


def test_an_edit_that_the_release_also_makes_is_not_drift(applied: SmallPlatform) -> None:
    """A value that is already as the next apply would set it is not reported."""
    applied.declare(*_objects(applied, "green"))
    _patch(applied, "configmap", "settings", color="green")
    assert applied.drift().objects == ()


def test_shared_ownership_of_the_same_value_is_not_drift(applied: SmallPlatform) -> None:
    """A second manager may apply the value that the release has."""
    applied.kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=settings(applied))
    assert applied.drift().objects == ()


def test_an_apply_fixes_drift_and_keeps_foreign_objects(applied: SmallPlatform) -> None:
    """After an apply only the foreign object is left; no apply deletes it."""
    _patch(applied, "configmap", "settings", color="red")
    _patch(applied, "secret", "shop", password=BY_HAND)
    applied.kubectl("delete", "role", "clerk")
    _create_foreign(applied)
    applied.apply()
    assert [(one.cause, one.identity.kind, one.identity.name) for one in applied.drift().objects] == [FOREIGN]


def test_a_cluster_that_does_not_respond_is_unknown(applied: SmallPlatform) -> None:
    """If the API server cannot be reached, drift says so and reports no object."""
    settings_file = applied.site.state / "pki/admin.conf"
    settings_file.write_text(settings_file.read_text().replace("https://127.0.0.1:", "https://127.0.0.2:"))
    found = applied.drift()
    assert (found.objects, found.looked) == ((), 0)
    assert [text.partition(":")[0] for text in found.unknown] == ["the cluster"]
