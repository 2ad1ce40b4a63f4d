"""Traffic that NetworkPolicies allow: peers and ports, and which of them include which others.

Semantics: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, NamedTuple

Selector = frozenset[tuple[str, str, tuple[str, ...]]]
"""Requirements on labels. More requirements select fewer objects; no requirement selects all."""
NAMESPACE_NAME = "kubernetes.io/metadata.name"


def parse_selector(value: Any) -> Selector:
    """Return a label selector as a set of requirements."""
    value = value or {}
    same = [(key, "In", (str(wanted),)) for key, wanted in (value.get("matchLabels") or {}).items()]
    more = [
        (str(one.get("key")), str(one.get("operator")), tuple(sorted(map(str, one.get("values") or []))))
        for one in value.get("matchExpressions") or []
    ]
    return frozenset([*same, *more])


def selector_text(labels: Selector) -> str:
    """Return a selector in words."""
    words = [f"{key}={wanted[0]}" if op == "In" and len(wanted) == 1 else f"{key} {op} {'/'.join(wanted)}".strip()
             for key, op, wanted in sorted(labels)]  # fmt: skip
    return ",".join(words)


class Peer(NamedTuple):
    """The other end: an address range, or pods in namespaces (all pods without a selector). Empty: any address."""

    block: str = ""
    excluded: tuple[str, ...] = ()
    namespaces: Selector | None = None
    pods: Selector | None = None

    @property
    def anyone(self) -> bool:
        """Return whether it includes every address, also outside the cluster."""
        return not self.block and self.namespaces is None and self.pods is None

    def covers(self, other: Peer) -> bool:
        """Return whether it includes every address of the other."""
        if self.anyone:
            return True
        if other.anyone or bool(self.block) != bool(other.block):
            return self.block in ("0.0.0.0/0", "::/0") and not self.excluded and other.anyone
        if self.block:
            return _contains(self.block, other.block) and {*self.excluded} <= {*other.excluded}
        same = self.namespaces is None and other.namespaces is None
        wider = self.namespaces is not None and other.namespaces is not None and self.namespaces <= other.namespaces
        everywhere = self.namespaces == frozenset()
        return (same or wider or everywhere) and (self.pods or frozenset()) <= (other.pods or frozenset())

    def __str__(self) -> str:
        """Return it in words."""
        if self.anyone:
            return "anywhere"
        if self.block:
            return f"{self.block} except {', '.join(self.excluded)}" if self.excluded else self.block
        pods = f"pods {selector_text(self.pods)}" if self.pods else "all pods"
        if self.namespaces is None:
            return f"{pods} of the same namespace"
        names = [wanted for key, _, wanted in self.namespaces if key == NAMESPACE_NAME]
        if len(names) == len(self.namespaces) == 1:
            return f"{pods} of namespace {'/'.join(names[0])}"
        return f"{pods} of {f'namespaces {selector_text(self.namespaces)}' if self.namespaces else 'every namespace'}"


def _contains(outer: str, inner: str) -> bool:
    try:
        wide, narrow = ipaddress.ip_network(outer, strict=False), ipaddress.ip_network(inner, strict=False)
    except ValueError:
        return outer == inner
    return wide.version == narrow.version and narrow.subnet_of(wide)  # type: ignore[arg-type]


class Port(NamedTuple):
    """A port or range of one protocol; an empty protocol is every port."""

    protocol: str = ""
    first: str = ""
    last: str = ""

    def covers(self, other: Port) -> bool:
        """Return whether every port of the other is one of these."""
        if not self.protocol or self == other:
            return True
        if self.protocol != other.protocol:
            return False
        if not self.first:
            return True
        numbers = [text for text in (self.first, self.last, other.first, other.last or other.first) if text]
        if not other.first or not all(text.isdigit() for text in numbers):
            return False
        return int(self.first) <= int(other.first) and int(other.last or other.first) <= int(self.last or self.first)

    def __str__(self) -> str:
        """Return it in words."""
        if not self.protocol:
            return "every port"
        span = f"{self.first}-{self.last}" if self.last else self.first
        return f"{self.protocol} port {span}" if span else f"every {self.protocol} port"


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """One peer on one port."""

    peer: Peer
    port: Port

    def covers(self, other: Opening) -> bool:
        """Return whether it allows all traffic of the other."""
        return self.peer.covers(other.peer) and self.port.covers(other.port)


ALL = Opening(Peer(), Port())


def parse_rules(rules: Any, ends: str) -> frozenset[Opening]:
    """Return what a policy's rules allow; ``ends`` is the key of the peers: from or to."""
    return frozenset(
        Opening(peer, port)
        for rule in rules or []
        for peer in _peers(rule.get(ends))
        for port in _ports(rule.get("ports"))
    )


def _peers(peers: Any) -> list[Peer]:
    return [_peer(one) for one in peers] if peers else [Peer()]


def _peer(one: dict[str, Any]) -> Peer:
    if block := one.get("ipBlock"):
        return Peer(str(block.get("cidr")), tuple(sorted(block.get("except") or [])))
    namespaces = parse_selector(one["namespaceSelector"]) if one.get("namespaceSelector") is not None else None
    return Peer(namespaces=namespaces, pods=parse_selector(one.get("podSelector")))


def _ports(ports: Any) -> list[Port]:
    return [
        Port(
            str(one.get("protocol") or "TCP"),
            "" if one.get("port") is None else str(one["port"]),
            "" if one.get("endPort") is None else str(one["endPort"]),
        )
        for one in ports or []
    ] or [Port()]
