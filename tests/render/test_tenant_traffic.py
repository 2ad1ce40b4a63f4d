"""What tenants' pods may send and receive, by the policies of the whole release."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from bedplate.render.rendered import RenderedObject
from factories.policy_traffic import Peer, PolicyTraffic, Port

USER, HUB, PROXY, NAMES = (
    {"component": "singleuser-server"},
    {"bedplate.dev/component": "jupyterhub"},
    {"bedplate.dev/component": "configurable-http-proxy"},
    {"k8s-app": "kube-dns"},
)
PEERS = {
    "user": Peer("rad-research", USER),
    "job": Peer("rad-research", {"app": "job"}),
    "user of the other namespace": Peer("rad-service", USER),
    "job of the other namespace": Peer("rad-service", {"bedplate.dev/component": "jupyterhub"}),
    "user of another tenant": Peer("fraud", USER),
    "job of another tenant": Peer("fraud", {**NAMES, **HUB}),
    "hub": Peer("notebooks", HUB),
    "proxy": Peer("notebooks", PROXY),
    "something of the hub": Peer("notebooks", USER),
    "names": Peer("kube-system", NAMES),
    "something of the system": Peer("kube-system", HUB),
    "monitoring": Peer("monitoring", {"bedplate.dev/component": "prometheus"}),
    "host": Peer(address="198.18.7.11"),
    "service": Peer(address="198.19.0.1"),
    "outside": Peer(address="192.0.2.7"),
}
"""Pods of two tenants and of the platform, some with labels that only count elsewhere, and addresses."""
PORTS: list[Port] = [
    *itertools.product(("TCP", "UDP"), (53, 1053, 8888, 8081, 8001, 443, 6443, 10250, 22)),
    ("SCTP", 53),
]
ANY = set(PORTS)
DNS: set[Port] = {("UDP", 53), ("TCP", 53), ("UDP", 1053), ("TCP", 1053)}
SERVER, HUB_API = ("TCP", 8888), ("TCP", 8081)
Table = dict[str, set[Port]]


@pytest.fixture(scope="module")
def traffic(rendered: list[RenderedObject]) -> PolicyTraffic:
    """Return the policies of the whole release."""
    return PolicyTraffic(_of(rendered, "NetworkPolicy"), _namespaces(rendered))


def _of(rendered: list[RenderedObject], kind: str) -> list[dict[str, Any]]:
    return [one.object for one in rendered if one.object["kind"] == kind]


def _namespaces(rendered: list[RenderedObject]) -> dict[str, dict[str, str]]:
    return {"kube-system": {}} | {
        one["metadata"]["name"]: one["metadata"]["labels"] for one in _of(rendered, "Namespace")
    }


def _table(traffic: PolicyTraffic, direction: str, name: str) -> Table:
    """Return the peers that a pod may send to, or be reached from, and by which ports."""
    found = {
        other: {port for port in PORTS if traffic.permits(direction, PEERS[name], PEERS[other], port)}
        for other in PEERS
    }
    return {other: ports for other, ports in found.items() if ports}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("user", {"user": ANY, "job": ANY, "names": DNS, "hub": {HUB_API}}),
        ("job", {"user": ANY, "job": ANY, "names": DNS}),
        (
            "user of the other namespace",
            {
                "user of the other namespace": ANY,
                "job of the other namespace": ANY,
                "names": DNS,
                "hub": {HUB_API},
            },
        ),
        ("job of another tenant", {"user of another tenant": ANY, "job of another tenant": ANY, "names": DNS}),
    ],
)
def test_tenants_pods_send_to_no_others(name: str, expected: Table, traffic: PolicyTraffic) -> None:
    """A tenant's pod sends to pods of its namespace and asks for names; a user's server also calls the hub."""
    assert _table(traffic, "egress", name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("user", {"user": ANY, "job": ANY, "hub": {SERVER}, "proxy": {SERVER}}),
        ("job", {"user": ANY, "job": ANY}),
        ("job of another tenant", {"user of another tenant": ANY, "job of another tenant": ANY}),
    ],
)
def test_tenants_pods_are_reached_by_no_others(name: str, expected: Table, traffic: PolicyTraffic) -> None:
    """A tenant's pod is reached from its namespace; a user's server also by the hub and the proxy."""
    assert _table(traffic, "ingress", name) == expected


@pytest.mark.parametrize(
    ("direction", "name", "port"), [("ingress", "hub", HUB_API), ("egress", "hub", SERVER), ("egress", "proxy", SERVER)]
)
def test_the_hub_and_users_servers_meet(direction: str, name: str, port: Port, traffic: PolicyTraffic) -> None:
    """What a user's server may send, the hub may receive, and the other way round; no other tenant's pod is meant."""
    users = {"user", "user of the other namespace", "user of another tenant"}
    found = {other for other, ports in _table(traffic, direction, name).items() if port in ports}
    assert {other for other in found if PEERS[other].namespace not in {"", "notebooks"}} == users


@pytest.mark.parametrize("namespace", ["rad-research", "rad-service", "fraud"])
@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_without_the_policies_that_allow_nothing_passes(
    rendered: list[RenderedObject], namespace: str, direction: str
) -> None:
    """The policy that denies everything is enough by itself, in both directions, for every pod."""
    deny = [one for one in _of(rendered, "NetworkPolicy") if one["metadata"]["name"] == "default-deny"]
    traffic = PolicyTraffic(deny, _namespaces(rendered))
    pods = [Peer(namespace), Peer(namespace, USER)]
    assert not any(
        traffic.permits(direction, pod, other, port) for pod in pods for other in PEERS.values() for port in PORTS
    )


def test_policies_leave_nothing_to_defaults(rendered: list[RenderedObject]) -> None:
    """Every policy says which pods and which directions it is about, and has rules only for those."""
    for one in _of(rendered, "NetworkPolicy"):
        spec, directions = one["spec"], {name.lower() for name in one["spec"].get("policyTypes", ())}
        assert "podSelector" in spec, one["metadata"]
        assert directions, one["metadata"]
        assert directions >= spec.keys() & {"ingress", "egress"}, one["metadata"]
