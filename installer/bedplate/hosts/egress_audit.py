"""What the nftables rules of a host count: packets that tried to leave the datacenter, and who sent them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

LIST = ("nft", "-j", "list", "table", "inet", "bedplate_audit")
"""Command that prints a host's rules and counters; needs root."""
OUTSIDE, CONTROL = "outside", "control"
SINCE, SENDERS, OFFENDERS = "since", "senders", "offenders"


@dataclass(frozen=True, slots=True)
class SentOutside:
    """What one address sent outside.

    Attributes:
        packets: how many packets.
        seconds: how long ago it sent the last one.
    """

    packets: int
    seconds: int


@dataclass(frozen=True, slots=True)
class EgressCount:
    """The counters of one host.

    Attributes:
        outside: packets to addresses outside the datacenter.
        control: packets that acceptance runs sent on purpose.
        seconds: how long the rules have been counting; None if they do not say.
        senders: IPv4 address to what it sent outside.
        offenders: source, destination and protocol of what left.
    """

    outside: int
    control: int
    seconds: int | None
    senders: dict[str, SentOutside]
    offenders: tuple[tuple[str, str, str], ...]

    @property
    def sent(self) -> dict[str, int]:
        """Return the packets by IPv4 address of the sender."""
        return {address: one.packets for address, one in self.senders.items()}


def parse(listing: str | bytes) -> EgressCount:
    """Return what a listing counts; raise ValueError if it is not that of the audit's table."""
    try:
        return _parse(listing)
    except (AttributeError, LookupError, RecursionError, TypeError) as error:
        raise ValueError("is not a listing of the audit's table") from error


def _parse(listing: str | bytes) -> EgressCount:
    items = json.loads(listing)["nftables"]
    counters = {item["counter"]["name"]: int(item["counter"]["packets"]) for item in items if "counter" in item}
    sets = {item["set"]["name"]: item["set"] for item in items if "set" in item}
    return EgressCount(
        outside=counters[OUTSIDE],
        control=counters[CONTROL],
        seconds=_age(sets.get(SINCE, {})),
        senders=_senders(sets.get(SENDERS, {})),
        offenders=tuple(tuple(one["val"]["concat"]) for one in _elements(sets.get(OFFENDERS, {}))),
    )


def _senders(found: dict[str, Any]) -> dict[str, SentOutside]:
    lifetime = int(found.get("timeout", 0))
    return {
        one["val"]: SentOutside(int(one["counter"]["packets"]), lifetime - int(one["expires"]))
        for one in _elements(found)
    }


def _age(since: dict[str, Any]) -> int | None:
    return next((int(since["timeout"]) - int(one["expires"]) for one in _elements(since)), None)


def _elements(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a set's elements; nft lists one without counter and timeout as its bare value."""
    return [one["elem"] if isinstance(one, dict) and "elem" in one else {"val": one} for one in found.get("elem", [])]
