"""A trial of a host's loaded rules of the egress audit: real packets to outside addresses that never leave.

The program runs on the host. It loads the host's own rules into a new network namespace, whose only device is the
loopback, gives that device an address outside the datacenter, and sends packets to it. The host's counters do not
change, and no packet has a way out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

CANDIDATES = ("198.19.255.253", "198.18.255.253", "203.0.113.253")
"""Addresses reserved for tests and documentation, of which one is outside the datacenter's ranges."""
ADDRESS_V6 = "2001:2::fffd"
"""An address in IPv6's range for tests (RFC 5180)."""
PER_PACKET = 2
"""A packet on the loopback passes both hooks: output as a host's packet, prerouting as a pod's."""
_INSIDE = """
import json, socket, subprocess, sys, time
v4, v6 = sys.argv[1:]
rules = sys.stdin.read()
def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout
def count():
    items = json.loads(run("nft", "-j", "list", "table", "inet", "bedplate_audit"))["nftables"]
    return next(i["counter"]["packets"] for i in items if i.get("counter", {}).get("name") == "outside")
def send(family, kind, address):
    before = count()
    with socket.socket(family, kind) as receiver, socket.socket(family, kind) as sender:
        receiver.settimeout(60)
        receiver.bind((address, 0))
        if kind == socket.SOCK_STREAM:
            receiver.listen()
            sender.connect(receiver.getsockname())
        else:
            sender.sendto(b"bedplate acceptance run", receiver.getsockname())
            receiver.recv(100)  # only now it has passed the second hook
    return count() - before
run("ip", "link", "set", "lo", "up")
run("ip", "address", "add", v4 + "/32", "dev", "lo")
run("nft", "-f", "-", input=rules)
found = {"udp": send(socket.AF_INET, socket.SOCK_DGRAM, v4), "tcp": send(socket.AF_INET, socket.SOCK_STREAM, v4)}
try:
    open("/proc/net/if_inet6").close()
    run("ip", "address", "add", v6 + "/128", "dev", "lo", "nodad")
    for _ in range(600):  # the kernel adds the address's route a little later; a packet before is lost
        if v6 in run("ip", "-6", "route", "show", "table", "local"):
            break
        time.sleep(0.1)
except (OSError, subprocess.CalledProcessError):
    found["udp6"] = None  # this host has no IPv6
else:
    found["udp6"] = send(socket.AF_INET6, socket.SOCK_DGRAM, v6)
print(json.dumps(found))
"""
_PROGRAM = """
import subprocess, sys
rules = subprocess.run(["nft", "-s", "list", "table", "inet", "bedplate_audit"], capture_output=True, text=True)
if rules.returncode:
    sys.exit(rules.stderr)
words = ["unshare", "--net", sys.executable, "-c", *sys.argv[1:]]
done = subprocess.run(words, input=rules.stdout, capture_output=True, text=True)
sys.exit(done.stderr) if done.returncode else print(done.stdout)
"""


@dataclass(frozen=True, slots=True)
class EgressTrial:
    """How often the rules counted one packet of each kind.

    Attributes:
        udp: for a datagram.
        tcp: for a connection.
        udp6: for a datagram over IPv6; None if the host has no IPv6.
    """

    udp: int
    tcp: int
    udp6: int | None

    @property
    def is_counted(self) -> bool:
        """Return whether every packet was counted by both hooks."""
        return {self.udp, self.tcp, self.udp6 if self.udp6 is not None else PER_PACKET} == {PER_PACKET}


def words(inside: Sequence[IPv4Network]) -> list[str]:
    """Return the command, for root on a host; `inside` are the datacenter's ranges."""
    outside = next(one for one in CANDIDATES if not any(IPv4Address(one) in net for net in inside))
    return ["python3", "-c", _PROGRAM, _INSIDE, outside, ADDRESS_V6]


def parse(output: str | bytes) -> EgressTrial:
    """Return what the command printed."""
    return EgressTrial(**json.loads(output))
