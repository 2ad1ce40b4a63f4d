"""The hosts behind the site's names, and the ranges that count as inside."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bedplate.config import addresses, environments
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core.errors import ErrorList
from factories import DATA
from factories.render_site import make_site

DOMAIN = "site.bedplate.test"
BASTION, CONTROL_PLANE, WORKER = "198.18.7.10", "198.18.7.11", "198.18.7.12"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return a site with one host in each group, whose control plane also serves images."""
    return make_site(tmp_path, mirror={"replicas": "control_plane"})


def test_each_name_has_one_host(site: Site) -> None:
    """The control plane answers as the API, the bastion as the mirror, the first worker as the notebooks' page."""
    expected = {"api": CONTROL_PLANE, "mirror": BASTION, "notebooks": WORKER}
    found = {name: str(address) for name, address in addresses.site_addresses(site).items()}
    assert found == {f"{name}.{DOMAIN}": address for name, address in expected.items()}


def test_the_control_plane_serves_notebooks_if_there_is_no_worker(site: Site) -> None:
    """Then the bastion's hosts file has three of the site's names for one host, and the control plane's own has two."""
    small = Site(site.folder, site.environment, site.hosts[:2])
    bastion = (BASTION, ["bastion", f"mirror.{DOMAIN}"])
    names = ["cp1", f"api.{DOMAIN}", f"mirror-cp1.{DOMAIN}"]
    files = addresses.HostsFiles(small)
    assert _lines(files, site.hosts[0]) == [bastion, (CONTROL_PLANE, [*names, f"notebooks.{DOMAIN}"])]
    assert _lines(files, site.hosts[1]) == [bastion, (CONTROL_PLANE, names)]


def _lines(files: addresses.HostsFiles, host: Host) -> list[tuple[str, list[str]]]:
    return [(str(address), names) for address, names in files.lines(host)]


def test_the_clusters_dns_also_has_the_hosts(site: Site) -> None:
    """Every host has a name in the site's domain."""
    found = addresses.cluster_addresses(site)
    assert {name.partition(".")[0] for name in found} == {"api", "mirror", "notebooks", "bastion", "cp1", "worker1"}


def test_nodes_pods_and_services_are_inside(site: Site) -> None:
    """All other addresses count as outside."""
    network = site.environment.network
    assert addresses.inside_ranges(network) == [network.nodes, network.pods, network.services]


def test_two_control_planes_cannot_be_loaded(tmp_path: Path) -> None:
    """Commands that load an environment without `bedplate check` refuse a second one, too."""
    shutil.copytree(DATA / "environments/good", tmp_path / "site")
    broken = DATA / "environments/broken/two-control-planes-with-one-address/hosts.yaml"
    shutil.copy(broken, tmp_path / "site/hosts.yaml")
    with pytest.raises(ErrorList, match=r"hosts.yaml:9:14: host cp2 is a second control plane"):
        environments.load(tmp_path / "site")
