"""What NetworkPolicies permit, computed from the policies as the API defines them (networking.k8s.io/v1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Json = dict[str, Any]
Port = tuple[str, int]
"""Protocol and number."""
NAME = "kubernetes.io/metadata.name"
"""The label that the API server puts on every namespace."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A pod, or an address that is not a pod's.

    Attributes:
        namespace: its namespace; empty for an address.
        labels: its labels.
        address: the address of what is not a pod.
    """

    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    address: str = ""


class PolicyTraffic:
    """The NetworkPolicies of a cluster, each direction judged by itself."""

    def __init__(self, policies: Iterable[Json], namespaces: Mapping[str, Mapping[str, str]]) -> None:
        """Judge by some policies.

        Args:
            policies: the policies.
            namespaces: labels of the namespaces, by name.
        """
        self._policies = list(policies)
        self._namespaces = {name: {NAME: name, **labels} for name, labels in namespaces.items()}

    def permits(self, direction: str, pod: Peer, other: Peer, port: Port) -> bool:
        """Return whether a pod may send to another (``egress``) or may be reached from it (``ingress``)."""
        found = [spec for spec in self._of(pod) if direction in _directions(spec)]
        return not found or any(
            self._is_listed(rule, direction, pod, other, port) for spec in found for rule in spec.get(direction, ())
        )

    def _of(self, pod: Peer) -> list[Json]:
        mine = [one for one in self._policies if one["metadata"]["namespace"] == pod.namespace]
        return [one["spec"] for one in mine if _matches(one["spec"].get("podSelector"), pod.labels)]

    def _is_listed(self, rule: Json, direction: str, pod: Peer, other: Peer, port: Port) -> bool:
        peers = rule.get("to" if direction == "egress" else "from")
        return (not rule.get("ports") or any(_is_port(one, port) for one in rule["ports"])) and (
            not peers or any(self._is_peer(one, pod, other) for one in peers)
        )

    def _is_peer(self, peer: Json, pod: Peer, other: Peer) -> bool:
        if block := peer.get("ipBlock"):
            return bool(other.address) and ip_address(other.address) in ip_network(block["cidr"])
        if other.address:
            return False
        if "namespaceSelector" not in peer:
            return other.namespace == pod.namespace and _matches(peer.get("podSelector"), other.labels)
        labels = self._namespaces[other.namespace]
        return _matches(peer["namespaceSelector"], labels) and _matches(peer.get("podSelector"), other.labels)


def _directions(spec: Json) -> set[str]:
    """Return the directions that a policy is about; by default egress only if it has rules for it."""
    default = ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    return {one.lower() for one in spec.get("policyTypes") or default}


def _is_port(wanted: Json, port: Port) -> bool:
    first: int = wanted.get("port") or 0
    last: int = wanted.get("endPort") or first
    return wanted.get("protocol", "TCP") == port[0] and (not first or first <= port[1] <= last)


def _matches(selector: Json | None, labels: Mapping[str, str]) -> bool:
    """Return whether a selector selects labels; an empty selector selects all."""
    selector = selector or {}
    return (selector.get("matchLabels") or {}).items() <= labels.items() and all(
        _holds(one, labels) for one in selector.get("matchExpressions") or ()
    )


def _holds(one: Json, labels: Mapping[str, str]) -> bool:
    has, value = one["key"] in labels, labels.get(one["key"])
    answers = {
        "Exists": has,
        "DoesNotExist": not has,
        "In": value in one.get("values", ()),
        "NotIn": value not in one.get("values", ()),
    }
    return answers[one["operator"]]
