import json
from datetime import datetime
from typing import Any, NamedTuple

import pytest

from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.acceptance.own_objects import OwnObjects
from bedplate.acceptance.own_pod import OwnPod
from bedplate.acceptance.platform_view import PlatformView
from bedplate.config.addresses import site_addresses
from bedplate.config.environments import Site

LOOK_UP = "import json, socket, sys; print(json.dumps([socket.gethostbyname(name) for name in sys.argv[1:]]))"
LOOK_UP_UNKNOWN = """
import socket, sys
try:
    socket.gethostbyname(sys.argv[1])
    print("found")
except socket.gaierror:
    print("unknown")
"""
CONTROL = "bedplate-acceptance.invalid"
"""Domain of names that are looked up on purpose; RFC 6761 reserves ``invalid``."""
LOG_MARK = "external "


class Lookup(NamedTuple):
    """A lookup of an outside name, as CoreDNS logs it."""

    time: datetime
    name: str
    address: str


def test_names_of_services_and_of_the_site(probe: OwnPod, cluster: ClusterClient, site: Site) -> None:
    """A pod resolves Services and the site's own names."""
    wanted = {
        "kubernetes.default.svc.cluster.local": cluster.one("service", "kubernetes", "default")["spec"]["clusterIP"],
        "hub.notebooks": cluster.one("service", "hub", "notebooks")["spec"]["clusterIP"],
        **{name: str(address) for name, address in site_addresses(site).items()},
    }
    answers = json.loads(probe.python(LOOK_UP, *wanted))
    for (name, address), found in zip(wanted.items(), answers, strict=True):
        assert found == address, f"{name} is {found} instead of {address}"


def test_questions_for_outside_names_are_seen(probe: OwnPod, own: OwnObjects, cluster: ClusterClient) -> None:
    """An outside name that this run looks up is refused, and logged with the pod's address."""
    name = f"{own.run}.{CONTROL}"
    answer = probe.python(LOOK_UP_UNKNOWN, name).strip()
    assert answer == "unknown", f"{name} was resolved"
    logged = {one.address for one in _lookups(cluster) if name in one.name}
    assert logged == {probe.address}, f"{name} was logged for {sorted(logged) or 'no pod'}, not for {probe.address}"


@pytest.mark.last
def test_nobody_asked_for_an_outside_name(cluster: ClusterClient, platform: PlatformView, record_property: Any) -> None:
    """No pod of the platform has looked up a name outside the datacenter, as far as CoreDNS's log goes back."""
    # An address may have been that of a user's pod before.
    began: dict[str, datetime] = {}
    for pod in platform.pods():
        if "podIP" in pod["status"]:
            address, start = pod["status"]["podIP"], datetime.fromisoformat(pod["status"]["startTime"])
            began[address] = min(start, began.get(address, start))
    lookups = [one for one in _lookups(cluster) if CONTROL not in one.name]
    ours = [one for one in lookups if one.address in began and one.time >= began[one.address]]
    record_property("external_names", len(ours))
    record_property("external_names_of_users", len(lookups) - len(ours))
    assert not ours, f"{len(ours)} lookups of outside names, the last: {ours[-1].name} from {ours[-1].address}"


def _lookups(cluster: ClusterClient) -> list[Lookup]:
    """Return the lookups in CoreDNS's log, whose lines end with ``external TYPE NAME from ADDRESS``."""
    lines = [line for line in cluster.logs("kube-system", "k8s-app=kube-dns").splitlines() if LOG_MARK in line]
    return [Lookup(_time(words[0]), words[-3], words[-1]) for words in map(str.split, lines)]


def _time(text: str) -> datetime:
    """Return a time that kubectl wrote, with nanoseconds, which datetime does not read."""
    return datetime.fromisoformat(f"{text[:19]}+00:00")
