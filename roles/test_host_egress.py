from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any

import pytest

from bedplate.acceptance import egress_trial
from bedplate.acceptance.host_answers import listed, on_each, output
from bedplate.acceptance.own_pod import OwnPod
from bedplate.acceptance.platform_view import PlatformView
from bedplate.apply.installation import Installation
from bedplate.config import addresses
from bedplate.config.environments import Site
from bedplate.hosts import egress_audit
from bedplate.hosts.egress_audit import EgressCount

CONTROL_ADDRESS = "198.19.255.254"
ONE_PACKET = f"""
import socket, sys
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if sys.argv[1:]:
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[1].encode())
sender.sendto(b'bedplate acceptance run', ('{CONTROL_ADDRESS}', 9))
"""

Hosts = dict[str, Any]


def test_outside_addresses_are_counted(hosts: Hosts, site: Site) -> None:
    """The loaded rules of every host count packets to outside addresses: tried in a network without a way out."""
    words = egress_trial.words(addresses.inside_ranges(site.environment.network))
    command = " ".join(["%s"] * len(words))
    found = on_each(hosts, lambda _, host: egress_trial.parse(output(host, command, *words)))
    wrong = {name: trial for name, trial in found.items() if not trial.is_counted}
    assert not wrong, f"expected {egress_trial.PER_PACKET} each\n{listed(wrong)}"


def test_what_leaves_is_counted(hosts: Hosts, installation: Installation) -> None:
    """A packet that this run sends out from a host is counted there, apart from others; users may send there, too."""
    own = {spec.host: spec.address for spec in installation.specs}

    def send(name: str, host: Any) -> tuple[int, int]:
        device = output(host, "ip -o -4 address show to %s", own[name]).split()[1]
        before = _count(host)
        output(host, "python3 -c %s %s", ONE_PACKET, device)
        after = _count(host)
        return after.control - before.control, after.sent.get(own[name], 0) - before.sent.get(own[name], 0)

    wrong = {
        name: f"{control} packets were counted as control, {outside} as outside"
        for name, (control, outside) in on_each(hosts, send).items()
        if control < 1 or outside
    }
    assert not wrong, listed(wrong)


def test_what_a_pod_sends_out_is_counted(hosts: Hosts, probe: OwnPod) -> None:
    """A packet that this run sends out from a pod is counted on its node, apart from others; users may send, too."""
    host = hosts[probe.node]
    before = _count(host)
    probe.python(ONE_PACKET)
    after = _count(host)
    assert after.control > before.control, f"no packet was counted on {probe.node}"
    assert after.sent.get(probe.address) == before.sent.get(probe.address), "the packet was counted as outside"


@pytest.mark.last
def test_nothing_tried_to_leave(hosts: Hosts, platform: PlatformView, site: Site, record_property: Any) -> None:
    """No host and no pod of the platform has sent a packet to an address outside the datacenter."""
    counts = on_each(hosts, lambda _, host: _count(host))
    began = _platform_began(platform)
    users = {name: _users(count, began, site) for name, count in counts.items()}
    ours = {name: count.outside - sum(count.sent[one] for one in users[name]) for name, count in counts.items()}
    record_property("packets_outside", sum(ours.values()))
    record_property("packets_outside_of_users", sum(count.outside for count in counts.values()) - sum(ours.values()))
    ages = {name: count.seconds for name, count in counts.items() if count.seconds is not None}
    assert ages.keys() == counts.keys(), "a host's rules do not say since when they count"
    since = datetime.now(UTC) - timedelta(seconds=min(ages.values()))
    record_property("counted_since", since.isoformat(timespec="seconds"))
    tried = {
        f"{name}: {source} to {target}": protocol
        for name, count in counts.items()
        for source, target, protocol in count.offenders
        if ours[name] and source not in users[name]
    }
    assert not any(ours.values()), listed({**{name: f"{number} packets" for name, number in ours.items()}, **tried})


def _platform_began(platform: PlatformView) -> dict[str, datetime]:
    """Return since when each address of a pod of the platform has been that pod's."""
    pods = [pod["status"] for pod in platform.pods() if "podIP" in pod["status"]]
    return {status["podIP"]: datetime.fromisoformat(status["startTime"]) for status in pods}


def _users(count: EgressCount, began: Mapping[str, datetime], site: Site) -> set[str]:
    """Return the senders that are users' pods: of the pods' range, and no pod of the platform when they sent.

    What a user's pod tries is refused by its policies, and says nothing about the platform.
    """
    now = datetime.now(UTC)
    return {
        address
        for address, sent in count.senders.items()
        if IPv4Address(address) in site.environment.network.pods
        and (address not in began or now - timedelta(seconds=sent.seconds) < began[address])
    }


def _count(host: Any) -> EgressCount:
    return egress_audit.parse(output(host, " ".join(egress_audit.LIST)))
