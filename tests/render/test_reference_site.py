"""The made-up environment that bundles are proved complete with."""

from __future__ import annotations

from ipaddress import IPv4Network

from bedplate.render.reference_site import reference_site
from factories.render_site import RELEASE


def test_it_has_one_of_everything() -> None:
    """Every kind of host, each with an address of the nodes' range, and a tenant with a namespace, in the release."""
    site = reference_site(RELEASE, ["ha"])
    found = site.environment
    assert (found.name, found.release, found.profiles, found.domain) == ("reference", RELEASE, ["ha"], "reference.test")
    assert [(host.name, host.groups) for host in site.hosts] == [
        ("bastion", ("bastion",)), ("cp1", ("control_plane",)), ("worker1", ("workers",)),
    ]  # fmt: skip
    assert [str(host.address) for host in site.hosts] == ["198.18.0.10", "198.18.0.11", "198.18.0.12"]
    network = found.network
    ranges = (network.nodes, network.pods, network.services)
    assert ranges == tuple(map(IPv4Network, ("198.18.0.0/24", "198.18.128.0/17", "198.19.0.0/17")))
    assert [(one.name, one.owner, [space.name for space in one.namespaces]) for one in found.tenants] == [
        ("tenant", "owner@reference.test", ["tenant-work"])
    ]
    assert site.bastion == site.hosts[0]
