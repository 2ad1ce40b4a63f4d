import hashlib
import json
from typing import Any

import pytest

from bedplate.acceptance.cluster_client import PYTHON, ClusterClient
from bedplate.apply.installation import Installation
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.environments import Site
from bedplate.config.host_spec import HostFile, HostSpec
from bedplate.distributions.debian.debian_version import DebianVersion
from bedplate.images.mirror_names import mirror_repository

CONTROL_ADDRESS = "198.19.255.254"
ONE_PACKET = f"""
import socket, sys
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if sys.argv[1:]:
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[1].encode())
sender.sendto(b'bedplate acceptance run', ('{CONTROL_ADDRESS}', 9))
"""
PULLS = "/var/log/bedplate/pulls.log"
SECONDS_OFF = 0.5
BY_DEFAULT = "_default"
ANY_HOST = "bedplate-no-such-registry.invalid"

Hosts = dict[str, Any]


@pytest.fixture(scope="module")
def specs(installation: Installation) -> dict[str, HostSpec]:
    """Return every host's HostSpec by its name."""
    return {spec.host: spec for spec in installation.specs}


@pytest.fixture(scope="module")
def nodes(hosts: Hosts, site: Site) -> Hosts:
    """Return the hosts that run pods."""
    return {host.name: hosts[host.name] for host in dict.fromkeys((*site.control_plane, *site.workers))}


def test_services_are_active(hosts: Hosts, specs: dict[str, HostSpec]) -> None:
    """Every host's services are active and start at boot."""
    wrong: dict[str, str] = {}
    for name, host in hosts.items():
        services = specs[name].services
        for query, wanted in (("is-active", "active"), ("is-enabled", "enabled")):
            states = host.run(f"systemctl {query} -- {' '.join(services)}").stdout.split()
            wrong |= {f"{name}: {s}": state for s, state in zip(services, states, strict=True) if state != wanted}
    assert wrong == {}


def test_no_unit_has_failed(hosts: Hosts) -> None:
    """No systemd unit of any host has failed."""
    failed = {n: h.check_output("systemctl list-units --failed --plain --no-legend") for n, h in hosts.items()}
    assert failed == dict.fromkeys(hosts, "")


def test_packages_are_the_releases(hosts: Hosts, specs: dict[str, HostSpec]) -> None:
    """What the release owns has its version, every other package has that or a newer one."""
    other = {}
    for name, host in hosts.items():
        installed = dict(
            line.split() for line in host.check_output("dpkg-query -Wf '${Package} ${Version}\\n'").splitlines()
        )
        for package, version in specs[name].packages.items():
            if not _is_accepted(installed.get(package), version, is_pinned=package in specs[name].pinned):
                other[f"{name}: {package}"] = (installed.get(package), version)
    assert other == {}


def _is_accepted(installed: str | None, version: str, *, is_pinned: bool) -> bool:
    if is_pinned or installed is None:
        return installed == version
    return DebianVersion.parse(installed) >= DebianVersion.parse(version)


def test_packages_come_from_the_mirror_only(hosts: Hosts, site: Site) -> None:
    """The mirror is a package source of every host, and the only one unless the site keeps its own."""
    wanted = {f"https://mirror.{site.environment.domain}/apt"}
    found = {n: set(h.check_output("apt-get indextargets --format '$(REPO_URI)'").split()) for n, h in hosts.items()}
    if site.environment.hosts.package_sources == "keep-site":
        found = {name: {uri for uri in uris if uri.rstrip("/") in wanted} for name, uris in found.items()}
    assert {name: {uri.rstrip("/") for uri in uris} for name, uris in found.items()} == dict.fromkeys(hosts, wanted)


def test_files_are_as_rendered(hosts: Hosts, specs: dict[str, HostSpec]) -> None:
    """Every file that Bedplate writes has the rendered content and mode."""
    other = [
        f"{name}: {file.path}"
        for name, host in hosts.items()
        for file in specs[name].files
        if not _is_there(host, file)
    ]
    assert other == []


def _is_there(host: Any, file: HostFile) -> bool:
    if file.part == "block":
        return file.content.strip() in host.check_output("cat %s", file.path)
    mode, digest = host.run("stat -c %%a %s && sha256sum %s", file.path, file.path).stdout.split()[:2] or ("", "")
    return bool(int(mode, 8) == int(file.mode, 8) and digest == hashlib.sha256(file.content.encode()).hexdigest())


def test_programs_are_current(hosts: Hosts, specs: dict[str, HostSpec]) -> None:
    """Every program in /opt/bedplate has the release's version."""
    wanted = {n: {p["component"]: p["version"] for p in specs[n].vars["programs_list"]} for n in hosts}
    found = {
        name: {c: hosts[name].check_output("readlink /opt/bedplate/%s/current", c) for c in components}
        for name, components in wanted.items()
    }
    assert found == wanted


def test_kernel_settings(hosts: Hosts, specs: dict[str, HostSpec]) -> None:
    """Kernel settings are those that nodes need, where Bedplate manages the kernel."""
    other = {}
    for name, host in hosts.items():
        for setting, wanted in specs[name].sysctls.items():
            found = host.check_output("cat %s", f"/proc/sys/{setting.replace('.', '/')}")
            if found != wanted:
                other[f"{name}: {setting}"] = (found, wanted)
    assert other == {}


def test_time_is_one(hosts: Hosts, record_property: Any) -> None:
    """Every host's clock is synchronised and within half a second of its source."""
    off = {}
    for name, host in hosts.items():
        # https://chrony-project.org/doc/4.3/chronyc.html: -c gives the fields of `tracking` in a fixed order.
        fields = host.check_output("chronyc -c tracking").split(",")
        off[name] = (abs(float(fields[4])) < SECONDS_OFF, fields[-1])
        record_property(f"seconds_off_{name}", float(fields[4]))
    assert off == dict.fromkeys(hosts, (True, "Normal"))


def test_registries_are_the_mirror(nodes: Hosts, site: Site, release_file: ReleaseFile) -> None:
    """Containerd uses the mirror for every registry, those of the release's images included."""
    mirror = f"https://mirror.{site.environment.domain}/v2/"
    wanted = {mirror_repository(a.image).partition("/")[0] for a in release_file.artifacts if a.image} | {BY_DEFAULT}
    for host in nodes.values():
        assert set(host.check_output("ls /etc/containerd/certs.d").split()) == wanted
        lines = host.check_output("grep -hE '^(server|.host)' -r /etc/containerd/certs.d").splitlines()
        assert [line for line in lines if mirror not in line] == []


def test_no_image_falls_back_to_its_upstream(nodes: Hosts, site: Site) -> None:
    """For an image that the bundle lacks, containerd contacts the mirror and no other registry."""
    for image in ("registry.k8s.io/bedplate-no-such-image:v1", f"{ANY_HOST}/image:v1"):
        for name, host in nodes.items():
            before = _counter(host, "outside")
            done = host.run("ctr -n bedplate-test images pull --hosts-dir /etc/containerd/certs.d %s", image)
            assert done.rc != 0, f"{name} has pulled {image}"
            assert f"mirror.{site.environment.domain}" in done.stderr or "not found" in done.stderr
            assert _counter(host, "outside") == before


@pytest.mark.last
def test_every_image_is_the_bundles(nodes: Hosts, release_file: ReleaseFile, record_property: Any) -> None:
    """Every image on every node is in the bundle, digest for digest."""
    known = {(a.image, f"sha256:{a.sha256}") for a in release_file.artifacts if a.image}
    digests = {digest for _, digest in known}
    images = {name: _images(host) for name, host in nodes.items()}
    # containerd lists an image by tag, by digest, and by the digest of its configuration.
    unknown = [
        f"{node}: {image}"
        for node, found in images.items()
        for image, digest in found
        if not ((image, digest) in known or (digest in digests and "sha256:" in image))
    ]
    record_property("images", sorted({image for found in images.values() for image, _ in found if "/" in image}))
    assert unknown == []
    assert all(images.values())


@pytest.mark.last
def test_every_image_came_from_the_mirror(nodes: Hosts, hosts: Hosts, site: Site, release_file: ReleaseFile) -> None:
    """The mirror's log shows, for every image on every node, that the node pulled this digest."""
    named = {f"sha256:{artifact.sha256}": artifact.image for artifact in release_file.artifacts if artifact.image}
    pulled = {
        (who, digest)
        for host in hosts.values()
        for _, who, _, digest, _ in map(str.split, host.run(f"zcat -f {PULLS}*").stdout.splitlines())
    }
    unexplained = [
        f"{host.name}: {named[digest]}"
        for host in dict.fromkeys((*site.control_plane, *site.workers))
        for digest in {digest for _, digest in _images(nodes[host.name])} & named.keys()
        if (str(host.address), digest) not in pulled
    ]
    assert unexplained == []


@pytest.mark.last
def test_nothing_tried_to_leave(hosts: Hosts, record_property: Any) -> None:
    """No host and no pod has sent a packet to an address outside the datacenter."""
    found = {name: _counter(host, "outside") for name, host in hosts.items()}
    record_property("packets_outside", sum(found.values()))
    tried = {name: _offenders(host) for name, host in hosts.items() if found[name]}
    assert (found, tried) == (dict.fromkeys(hosts, 0), {})


def test_what_leaves_is_counted(hosts: Hosts, specs: dict[str, HostSpec]) -> None:
    """A packet that this run sends out from a host is counted there, apart from others."""
    for name, host in hosts.items():
        device = host.check_output("ip -o -4 address show to %s", specs[name].address).split()[1]
        control, outside = _counter(host, "control"), _counter(host, "outside")
        host.check_output("python3 -c %s %s", ONE_PACKET, device)
        assert (_counter(host, "control"), _counter(host, "outside")) == (control + 1, outside), name


def test_what_a_pod_sends_out_is_counted(hosts: Hosts, hub_pod: dict[str, Any], cluster: ClusterClient) -> None:
    """A packet that this run sends out from a pod is counted on its node, apart from others."""
    host = hosts[hub_pod["spec"]["nodeName"]]
    control, outside = _counter(host, "control"), _counter(host, "outside")
    cluster.run_in("notebooks", hub_pod["metadata"]["name"], PYTHON, "-c", ONE_PACKET)
    assert (_counter(host, "control"), _counter(host, "outside")) == (control + 1, outside)


def _counter(host: Any, name: str) -> int:
    listing = json.loads(host.check_output("nft -j list counter inet bedplate_audit %s", name))
    return int(next(item["counter"]["packets"] for item in listing["nftables"] if "counter" in item))


def _offenders(host: Any) -> str:
    return str(host.check_output("nft list set inet bedplate_audit offenders"))


def _images(host: Any) -> list[tuple[str, str]]:
    """Return the images that containerd has for Kubernetes, with their manifests' digests."""
    rows = host.check_output("ctr -n k8s.io images ls").splitlines()[1:]
    return [(row.split()[0], row.split()[2]) for row in rows]
