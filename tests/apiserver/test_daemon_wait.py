"""A DaemonSet is changed while a node is down: the others get the change, one after the other, and the apply ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bedplate.apply.apply_layer import ApplyLayer
from bedplate.apply.step import Journal
from bedplate.cluster import daemon_wait
from bedplate.core.errors import BedplateError
from factories.api_server import ApiServer
from factories.pretended_kubelets import PretendedKubelets, pretended_kubelets
from factories.small_platform import LAYER, SmallPlatform

Json = dict[str, Any]


def _daemons(shop: SmallPlatform, image: str) -> Json:
    label = {"app": "agent"}
    pod = {
        "containers": [{"name": "agent", "image": image}],
        "nodeSelector": {"shop": shop.namespace},
        "tolerations": [{"operator": "Exists"}],  # as kube-router has, so that a dead node counts
    }
    template = {"metadata": {"labels": label}, "spec": {**pod, "terminationGracePeriodSeconds": 1}}
    spec = {"selector": {"matchLabels": label}, "updateStrategy": {"rollingUpdate": {"maxUnavailable": 1}}}
    return shop.object("DaemonSet", "agent", {"spec": {**spec, "template": template}}, api="apps/v1")


def _images(shop: SmallPlatform) -> dict[str, str]:
    """Return the images that run, by node, with the pods that are being deleted."""
    found = json.loads(shop.kubectl("get", "pods", "-l", "app=agent", "-o", "json"))["items"]
    return {one["spec"].get("nodeName", ""): one["spec"]["containers"][0]["image"] for one in found}


@pytest.fixture
def nodes(server: ApiServer, shop: SmallPlatform) -> Iterator[PretendedKubelets]:
    """Give the environment three nodes, with an agent on each."""
    names = [f"{shop.namespace}-{number}" for number in (1, 2, 3)]
    with pretended_kubelets(server, names, {"shop": shop.namespace}) as kubelets:
        shop.declare(_daemons(shop, "agent:1"))
        _apply(shop)
        yield kubelets
        shop.kubectl("delete", "daemonset", "agent", "--cascade=orphan")
        shop.kubectl("delete", "pods", "--all", "--grace-period=0", "--force")


def _apply(shop: SmallPlatform) -> tuple[str, list[str]]:
    """Run the layer's step; return its outcome in words, and what it said."""
    log, said = shop.site.state / "log", list[str]()
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    return ApplyLayer(shop.installation(), LAYER).run(Journal(log, said.append)).detail, said


@pytest.mark.usefixtures("controllers")
def test_a_change_reaches_all_nodes_but_a_dead_one(
    nodes: PretendedKubelets, shop: SmallPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kubernetes replaces no pod as long as the dead node's is unavailable; the apply does, and names the node."""
    monkeypatch.setattr(daemon_wait, "READY_SECONDS", 240)
    first, second, dead = (f"{shop.namespace}-{number}" for number in (1, 2, 3))
    nodes.die(dead)
    shop.declare(_daemons(shop, "agent:2"))
    detail, said = _apply(shop)
    assert _images(shop) == {first: "agent:2", second: "agent:2", dead: "agent:1"}
    assert f"not ready because of {dead} (not ready): apps/DaemonSet/{shop.namespace}/agent" in detail
    assert f"apps/DaemonSet/{shop.namespace}/agent passes by {dead} (not ready)" in said


@pytest.mark.usefixtures("controllers")
def test_a_pod_that_cannot_start_on_a_living_node_is_an_error(
    nodes: PretendedKubelets, shop: SmallPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the node; a node that is up is always waited for."""
    monkeypatch.setattr(daemon_wait, "READY_SECONDS", 5)
    stuck = f"{shop.namespace}-2"
    nodes.alive.discard(stuck)
    shop.declare(_daemons(shop, "agent:2"))
    with pytest.raises(BedplateError, match=rf"not ready after 5 s: .*{stuck} \(its pod"):
        _apply(shop)
