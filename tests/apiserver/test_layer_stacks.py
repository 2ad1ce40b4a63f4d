"""A layer's stacks against the API server: order, moving from the stack of an older installer, and removal."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from bedplate.acceptance.cluster_client import wait
from bedplate.apply.apply_layer import ApplyLayer
from bedplate.apply.step import Journal
from bedplate.cluster import component_waits, removal, stack_state
from bedplate.cluster.stack_name import StackName
from bedplate.config.component import Wait
from bedplate.core.errors import BedplateError
from factories.shop_objects import account, cart, claim, definition, deny_all, role, secret, service, settings
from factories.small_platform import COMPONENT, LAYER, SmallPlatform

Json = dict[str, Any]
WHOLE = StackName(LAYER)
PARTS = {"namespaces", f"{COMPONENT}-definitions", COMPONENT, f"{COMPONENT}-resources"}


def _apply(shop: SmallPlatform) -> int:
    """Run the layer's step and return the number of changes."""
    log = shop.site.state / "log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    step = ApplyLayer(shop.installation(), LAYER)
    changed = step.run(Journal(log, lambda _: None)).changed
    assert step.is_done()
    return changed


def _binding(shop: SmallPlatform) -> Json:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "clerk"}
    subjects = [{"kind": "ServiceAccount", "name": "clerk", "namespace": shop.namespace}]
    more = {"roleRef": reference, "subjects": subjects}
    return shop.object("RoleBinding", "clerk", more, api="rbac.authorization.k8s.io/v1")


def _set_finalizers(shop: SmallPlatform, kind: str, name: str, *finalizers: str) -> None:
    patch = json.dumps({"metadata": {"finalizers": finalizers or None}})
    shop.kubectl("patch", kind, name, "--type=merge", "--patch", patch)


def _uids(shop: SmallPlatform, *names: str) -> list[str]:
    return [shop.get(*name.split("/"))["metadata"]["uid"] for name in names]


@pytest.mark.usefixtures("controllers")
def test_the_stack_of_an_older_installer_is_divided(shop: SmallPlatform) -> None:
    """No object is replaced, also where the release drops an object at the same time, which is deleted."""
    kept = [settings(shop), secret(shop), claim(shop), service(shop), cart(shop), definition(shop)]
    names = ["configmap/settings", "secret/shop", "pvc/data", "service/web"]
    names += [f"carts.{shop.namespace}.bedplate.test/first"]
    shop.apply(*kept, role(shop))
    before = _uids(shop, *names)
    shop.declare(*kept)
    assert not ApplyLayer(shop.installation(), LAYER).is_done()
    _apply(shop)
    assert _uids(shop, *names) == before
    assert not shop.has("role", "clerk")
    assert {name.part for name in stack_state.stacks(shop.site)} == PARTS
    assert shop.drift().objects == ()
    assert _apply(shop) == 0


@pytest.mark.usefixtures("controllers")
def test_a_removed_component_loses_its_rights_first(shop: SmallPlatform) -> None:
    """Its bindings, its pods, then its policies are deleted; its namespace, kinds and volumes stay, its state goes."""
    shop.declare(claim(shop), deny_all(shop), account(shop), role(shop), _binding(shop), cart(shop), definition(shop))
    _apply(shop)
    _set_finalizers(shop, "role", "clerk", "shop.test/hold")
    (shop.site.folder.parent / "manifests" / COMPONENT / "objects.yaml.j2").write_text("")
    removed = threading.Thread(target=_apply, args=(shop,))
    removed.start()
    try:
        wait(lambda: not shop.has("role", "clerk"), "the role", 300, "is not deleted")
        assert not shop.has("rolebinding", "clerk")
        assert not shop.has("carts." + shop.namespace + ".bedplate.test", "first")
        assert shop.has("networkpolicy", "default-deny")
    finally:
        _set_finalizers(shop, "role", "clerk")
        removed.join()
    assert not shop.has("networkpolicy", "default-deny")
    exists = ("pvc/data", f"crd/carts.{shop.namespace}.bedplate.test", f"namespace/{shop.namespace}")
    assert all(shop.has(*name.split("/")) for name in exists)
    assert stack_state.stacks(shop.site) == []


@pytest.mark.usefixtures("controllers")
def test_a_removed_namespace_is_emptied_and_closed(shop: SmallPlatform) -> None:
    """All rights go first, those that a tenant gave itself included, then pods; the policies still hold then.

    The volumes stay, and nothing can be started in the namespace until the environment has it again.
    """
    shop.apply(deny_all(shop), claim(shop), account(shop), role(shop), _binding(shop))
    shop.kubectl("create", "rolebinding", "own", "--clusterrole=admin", "--user=someone")
    pod = {"spec": {"containers": [{"name": "a", "image": "a"}], "serviceAccountName": "clerk"}}
    held = shop.object("Pod", "held", pod)
    held["metadata"]["finalizers"] = ["shop.test/hold"]
    shop.kubectl("apply", "-f", "-", stdin=held)
    shop.kubectl("create", "deployment", "web", "--image=a")
    emptied = threading.Thread(target=removal.empty_namespace, args=(shop.site, shop.namespace))
    emptied.start()
    try:
        wait(lambda: not shop.has("pod", "held"), "the pod", 60, "is not deleted")
        assert [shop.has("rolebinding", name) for name in ("own", "clerk")] == [False, False]
        assert shop.has("networkpolicy", "default-deny")
    finally:
        _set_finalizers(shop, "pod", "held")
        emptied.join()
    assert (shop.has("deployment", "web"), shop.has("pvc", "data")) == (False, True)
    assert shop.namespace in removal.closed_namespaces(shop.site)
    with pytest.raises(BedplateError, match="exceeded quota: bedplate-removed"):
        shop.kubectl("apply", "-f", "-", stdin=shop.object("Pod", "again", pod))
    removal.open_namespace(shop.site, shop.namespace)
    shop.kubectl("apply", "-f", "-", stdin=shop.object("Pod", "again", pod))


def _add_node(shop: SmallPlatform, name: str, status: str) -> None:
    shop.kubectl("create", "-f", "-", stdin={"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
    condition = {"type": "Ready", "status": status, "reason": "Test", "message": ""}
    shop.kubectl(
        *("patch", "node", name, "--subresource=status", "--type=merge", "--patch"),
        json.dumps({"status": {"conditions": [condition]}}),
    )


@pytest.mark.usefixtures("controllers")
def test_a_pod_on_a_dead_node_does_not_hold_up_a_removal(shop: SmallPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named with its node; a pod that does not end on a node that is ready is still an error."""
    monkeypatch.setattr(removal, "POD_SECONDS", 3)
    dead, ready = f"{shop.namespace}-dead", f"{shop.namespace}-ready"
    _add_node(shop, dead, "Unknown")
    _add_node(shop, ready, "True")
    shop.apply(account(shop))
    try:
        for name, node in (("stays", dead), ("hangs", ready)):
            content = {"spec": {"containers": [{"name": "a", "image": "a"}], "nodeName": node}}
            pod = shop.object("Pod", name, {**content, "spec": {**content["spec"], "serviceAccountName": "clerk"}})
            shop.kubectl("apply", "-f", "-", stdin=pod)
        with pytest.raises(BedplateError, match=r"timed out|did not end"):
            removal.empty_namespace(shop.site, shop.namespace)
        shop.kubectl("delete", "pod", "hangs", "--force", "--grace-period=0")
        assert removal.empty_namespace(shop.site, shop.namespace) == [f"{shop.namespace}/stays on {dead}"]
        assert shop.namespace in removal.closed_namespaces(shop.site)
    finally:
        shop.kubectl("delete", "node", dead, ready)


def test_waits_hold_only_when_their_objects_say_so(shop: SmallPlatform) -> None:
    """A kind is established, a Service has a ready pod, a Job is complete, a condition or field has its value."""
    inside = {"namespace": shop.namespace}
    shop.kubectl("create", "namespace", shop.namespace)
    kind = f"carts.{shop.namespace}.bedplate.test"
    waits = {
        "established": Wait(kind="established", name=kind),
        "endpoints": Wait(kind="endpoints", name="web", **inside),
        "job": Wait(kind="job", name="migrate", **inside),
        "path": Wait(kind="condition", object=kind, name="first", path="spec.wheels", value="4", **inside),
        "condition": Wait(kind="condition", object="job", name="migrate", condition="Complete", **inside),
    }
    shop.kubectl("create", "-f", "-", stdin=definition(shop))
    wait(lambda: component_waits.holds(shop.site, waits["established"]), "the kind", 30, "is not established")
    held = {name: component_waits.holds(shop.site, one) for name, one in waits.items()}
    assert held == {"established": True, **dict.fromkeys(("endpoints", "job", "path", "condition"), False)}
    shop.kubectl("create", "-f", "-", stdin=cart(shop))
    shop.kubectl("create", "job", "migrate", "--image=a")
    shop.kubectl("create", "-f", "-", stdin=_endpoints(shop, ready=False))
    assert not component_waits.holds(shop.site, waits["endpoints"])
    shop.kubectl("replace", "-f", "-", stdin=_endpoints(shop, ready=True))
    held = {name: component_waits.holds(shop.site, one) for name, one in waits.items()}
    assert held == {"established": True, "endpoints": True, "path": True, "job": False, "condition": False}


def _endpoints(shop: SmallPlatform, *, ready: bool) -> Json:
    endpoint = {"addresses": ["198.18.0.9"], "conditions": {"ready": ready}}
    content = {"addressType": "IPv4", "endpoints": [endpoint], "ports": [{"port": 443}]}
    slices = shop.object("EndpointSlice", "web", content, api="discovery.k8s.io/v1")
    slices["metadata"]["labels"] = {"kubernetes.io/service-name": "web"}
    return slices


def test_a_wait_that_does_not_hold_stops_the_apply(shop: SmallPlatform) -> None:
    """The error names what was waited for, and for how long."""
    missing = Wait(kind="established", name="nothing.bedplate.test", seconds=1)
    with pytest.raises(BedplateError, match=r"established of nothing.bedplate.test does not hold after 1 s"):
        component_waits.wait_for(shop.site, [missing], lambda _: None)
