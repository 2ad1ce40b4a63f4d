"""The rules that count packets to outside addresses, loaded into the kernel in a network namespace of the test."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bedplate.acceptance import egress_trial
from bedplate.acceptance.egress_trial import EgressTrial
from bedplate.artifacts.load_release import load_release
from bedplate.config import addresses
from bedplate.core import paths
from bedplate.hosts import egress_audit
from bedplate.render.host_specs import host_specs
from factories import unavailable
from factories.host_release import release_file
from factories.render_site import RELEASE, make_site

GATEWAY, ELSEWHERE = "198.18.7.1", "198.19.200.1"
SEND = """
import socket, subprocess, sys
for word in sys.argv[1:]:
    subprocess.run(["ip", "address", "add", word + "/32", "dev", "lo"], check=True)
    with socket.socket(type=socket.SOCK_DGRAM) as receiver, socket.socket(type=socket.SOCK_DGRAM) as sender:
        receiver.bind((word, 0))
        receiver.settimeout(60)
        sender.sendto(b"x", receiver.getsockname())
        receiver.recv(1)
"""


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the rules that worker1 of an environment with a gateway gets."""
    if os.geteuid() != 0:
        unavailable("network namespaces need root")
    catalog = load_release(RELEASE)
    network = {"nodes": "198.18.7.0/24", "pods": "198.18.128.0/17", "services": "198.19.0.0/17", "outside": [GATEWAY]}
    site = make_site(tmp_path_factory.mktemp("site"), network=network)
    specs = {spec.host: spec for spec in host_specs(site, catalog.release, catalog.components, release_file(catalog))}
    return next(file.content for file in specs["worker1"].files if file.path == "/etc/bedplate/audit.nft")


def _in_namespace(rules: str, folder: Path, *words: str) -> str:
    """Return the output of a command in a new network namespace, whose only device is up, with rules loaded."""
    (folder / "rules.nft").write_text(rules)
    script = 'ip link set lo up && nft -f "$1" && shift && exec "$@"'
    argv = ["unshare", "--net", "sh", "-c", script, "sh", str(folder / "rules.nft"), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def _trial(rules: str, folder: Path) -> EgressTrial:
    site = make_site(folder)
    inside = addresses.inside_ranges(site.environment.network)
    return egress_trial.parse(_in_namespace(rules, folder, *egress_trial.words(inside)))


def test_every_packet_to_an_outside_address_is_counted(rules: str, tmp_path: Path) -> None:
    """A datagram, a connection and an IPv6 datagram are counted by both hooks."""
    found = _trial(rules, tmp_path)
    assert (found.is_counted, found.udp, found.tcp) == (True, egress_trial.PER_PACKET, egress_trial.PER_PACKET)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        goto leaving\n    }", "    }"),
        ('counter name "outside"', 'counter name "control"'),
        ("ip daddr @inside return", "ip daddr != 203.0.113.1 return"),
        ("ip6 daddr { ::1, fe80::/10, ff00::/8 } return", "meta nfproto ipv6 return"),
        ("tcp flags & (fin | syn | rst | ack) != syn return", "meta l4proto tcp return"),
        ("hook prerouting priority -150;\n        ct direction original jump judge", "hook prerouting priority -150;"),
        ("hook output priority -150;\n        ct direction original jump judge", "hook output priority -150;"),
    ],
    ids=["no rule", "other counter", "all is inside", "no IPv6", "no TCP", "no pods", "no hosts"],
)
def test_rules_that_miss_packets_are_found(old: str, new: str, rules: str, tmp_path: Path) -> None:
    """If one rule is missing or wrong, the trial of the loaded rules says so."""
    assert old in rules
    assert not _trial(rules.replace(old, new), tmp_path).is_counted


def test_a_trial_changes_no_counter_of_the_host(rules: str, tmp_path: Path) -> None:
    """The packets are counted in a namespace of the trial, not by the host's own table."""
    words = egress_trial.words(addresses.inside_ranges(make_site(tmp_path).environment.network))
    script = '"$@" >/dev/null && nft -j list table inet bedplate_audit'
    found = egress_audit.parse(_in_namespace(rules, tmp_path, "sh", "-c", script, "sh", *words))
    assert (found.outside, found.control, found.senders, found.offenders) == (0, 0, {}, ())
    assert found.seconds is not None
    assert 0 <= found.seconds < 60


@pytest.mark.parametrize(
    ("target", "counted"),
    [(ELSEWHERE, True), (GATEWAY, True), ("198.18.7.11", False), ("198.19.0.1", False)],
    ids=["outside the ranges", "gateway", "host", "Service"],
)
def test_senders_and_offenders_are_listed(target: str, counted: bool, rules: str, tmp_path: Path) -> None:  # noqa: FBT001  a column of the table
    """Packets to outside addresses are counted for their sender, and those to hosts and Services are not."""
    script = 'python3 -c "$1" "$2" && nft -j list table inet bedplate_audit'
    found = egress_audit.parse(_in_namespace(rules, tmp_path, "sh", "-c", script, "sh", SEND, target))
    packets = egress_trial.PER_PACKET if counted else 0
    offenders = ((target, target, "udp"),) if counted else ()
    senders = {target: packets} if counted else {}
    assert (found.outside, found.control, found.sent, found.offenders) == (packets, 0, senders, offenders)


def test_a_full_set_does_not_stop_the_counter(rules: str, tmp_path: Path) -> None:
    """Packets are counted also when there is no more room for their senders."""
    assert "size 65536" in rules
    small = rules.replace("size 65536", "size 1").replace("size 4096", "size 1")
    script = 'python3 -c "$1" "$2" "$3" "$4" && nft -j list table inet bedplate_audit'
    targets = (GATEWAY, ELSEWHERE, "198.19.200.2")
    found = egress_audit.parse(_in_namespace(small, tmp_path, "sh", "-c", script, "sh", SEND, *targets))
    assert found.outside == egress_trial.PER_PACKET * len(targets)


@pytest.mark.parametrize(("change", "differs"), [("", False), ("nft delete chain inet bedplate_audit output", True)])
def test_what_is_counted_is_not_drift(change: str, differs: bool, rules: str, tmp_path: Path) -> None:  # noqa: FBT001  a column of the table
    """A host's state does not change with packets and time, but with its rules."""
    probe = 'from bedplate.hosts.state import state_probe; print(state_probe.table("inet bedplate_audit"))'
    script = 'python3 -c "$3"; python3 -c "$1" "$2"; sleep 1.1; eval "$4"; python3 -c "$3"'
    words = (
        "env",
        f"PYTHONPATH={paths.SOURCE / 'installer'}",
        "sh",
        "-c",
        script,
        "sh",
        SEND,
        ELSEWHERE,
        probe,
        change,
    )
    before, after = _in_namespace(rules, tmp_path, *words).split()
    assert (before != after) is differs
