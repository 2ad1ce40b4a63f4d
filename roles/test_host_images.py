from collections.abc import Iterator
from typing import Any

import pytest

from bedplate.acceptance.host_answers import listed, on_each, output
from bedplate.acceptance.host_selection import HostSelection
from bedplate.acceptance.log_lines import count_lines, lines_since
from bedplate.acceptance.own_objects import OwnObjects
from bedplate.acceptance.platform_view import PlatformView
from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.config.environments import Site
from bedplate.hosts import egress_audit
from bedplate.images.mirror_names import mirror_repository

PULLS = "/var/log/bedplate/pulls.log"
REQUESTS = "/var/log/nginx/bedplate-mirror.log"
CERTS = "/etc/containerd/certs.d"
BY_DEFAULT = "_default"
SECONDS = 60

Hosts = dict[str, Any]


@pytest.fixture(scope="module")
def nodes(hosts: Hosts, selection: HostSelection) -> Hosts:
    """Return the tested hosts that run pods."""
    return {name: host for name, host in hosts.items() if name in selection.nodes}


@pytest.fixture(scope="module")
def mirrors(hosts: Hosts, site: Site) -> Hosts:
    """Return the tested hosts that serve images."""
    return {host.name: hosts[host.name] for host in (site.bastion, *site.replicas) if host.name in hosts}


@pytest.fixture
def scratch(nodes: Hosts, own: OwnObjects) -> Iterator[str]:
    """Yield a namespace of containerd on every node, which is removed with all that was pulled into it."""
    name = f"acceptance-{own.run}"
    try:
        yield name
    finally:
        on_each(
            nodes, lambda _, host: host.run(f"ctr -n {name} images ls -q | xargs -r ctr -n {name} images rm --sync")
        )
        on_each(nodes, lambda _, host: host.run(f"ctr namespaces remove {name}"))


def test_registries_are_the_mirror(nodes: Hosts, site: Site, release_file: ReleaseFile) -> None:
    """Containerd uses the mirror for every registry, those of the release's images included."""
    mirror = f"https://mirror.{site.environment.domain}/v2/"
    wanted = {mirror_repository(a.image).partition("/")[0] for a in release_file.artifacts if a.image} | {BY_DEFAULT}
    folders = on_each(nodes, lambda _, host: {*output(host, f"ls {CERTS}").split()})
    lines = on_each(nodes, lambda _, host: output(host, f"grep -hE '^(server|.host)' -r {CERTS}").splitlines())
    wrong = {name: ", ".join(sorted(found ^ wanted)) for name, found in folders.items() if found != wanted}
    wrong |= {f"{name}: {line}": "is not the mirror" for name in lines for line in lines[name] if mirror not in line}
    assert not wrong, listed(wrong)


def test_images_come_from_the_mirror(
    nodes: Hosts, mirrors: Hosts, site: Site, release_file: ReleaseFile, scratch: str
) -> None:
    """An image that this run pulls comes from the mirror, whose log names the node and the image's digest."""
    image = min((a for a in release_file.artifacts if a.image), key=lambda artifact: artifact.size)
    began = on_each(mirrors, lambda _, host: count_lines(host, PULLS))
    done = on_each(nodes, lambda _, host: _pull(host, scratch, str(image.image)))
    failed = {name: error for name, error in done.items() if error}
    assert not failed, f"{image.image}\n{listed(failed)}"
    pulled = on_each(mirrors, lambda name, host: lines_since(host, PULLS, began[name]))
    seen = {line.split()[1] for lines in pulled.values() for line in lines if f"sha256:{image.sha256}" in line}
    missing = [host.name for host in site.hosts if host.name in nodes and str(host.address) not in seen]
    assert not missing, f"the mirror's log has no pull of {image.image} by {', '.join(missing)}"


@pytest.mark.parametrize("registry", ["registry.k8s.io", "bedplate-no-such-registry.invalid"])
def test_no_image_falls_back_to_its_upstream(
    registry: str, nodes: Hosts, mirrors: Hosts, site: Site, scratch: str
) -> None:
    """For an image that the bundle lacks, containerd contacts the mirror and no other registry."""
    own, image = {host.name: {str(host.address)} for host in site.hosts}, f"{registry}/{scratch}:v1"
    before = on_each(nodes, lambda name, host: _sent(host, own[name]))
    began = on_each(mirrors, lambda _, host: count_lines(host, REQUESTS))
    done = on_each(nodes, lambda _, host: _pull(host, scratch, image))
    after = on_each(nodes, lambda name, host: _sent(host, own[name]))
    requests = on_each(mirrors, lambda name, host: lines_since(host, REQUESTS, began[name]))
    asked = {line.split()[0] for lines in requests.values() for line in lines if scratch in line and " 404 " in line}
    wrong = {name: "has pulled it" for name, error in done.items() if not error}
    wrong |= {name: "has sent packets outside" for name in nodes if after[name] != before[name]}
    wrong |= {name: "did not ask the mirror" for name in nodes if not asked & own[name]}
    assert not wrong, f"{image}\n{listed(wrong)}"


@pytest.mark.last
def test_every_image_is_the_bundles(platform: PlatformView, release_file: ReleaseFile, record_property: Any) -> None:
    """Every image that the platform's pods run is in the bundle, digest for digest."""
    known = _digests(release_file.artifacts)
    running = {
        status["image"]: status["imageID"].rpartition("@")[2]
        for pod in platform.pods()
        for status in [*pod["status"].get("initContainerStatuses", []), *pod["status"].get("containerStatuses", [])]
        if status["imageID"]
    }
    record_property("images", sorted(running))
    unknown = {image: digest for image, digest in running.items() if digest not in known}
    assert running, "the platform runs no images"
    assert not unknown, listed(unknown)


def _digests(artifacts: list[BundledArtifact]) -> set[str]:
    return {f"sha256:{artifact.sha256}" for artifact in artifacts if artifact.image}


def _pull(host: Any, namespace: str, image: str) -> str:
    """Pull an image into a namespace of containerd; return the error's last line, empty if there is none."""
    command = f"timeout {SECONDS} ctr -n {namespace} images pull --hosts-dir {CERTS} %s"
    done = host.run(command, image)
    return "" if done.rc == 0 else (done.stderr.strip().splitlines() or [f"exit status {done.rc}"])[-1]


def _sent(host: Any, addresses: set[str]) -> int:
    """Return how many packets a host itself, not a pod on it, has sent outside."""
    count = egress_audit.parse(output(host, " ".join(egress_audit.LIST)))
    return sum(packets for sender, packets in count.sent.items() if sender in addresses)
