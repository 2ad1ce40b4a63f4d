"""Replicas of the mirror: what their hosts get, and which hosts pull from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.config import addresses
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.config.host_spec import HostSpec
from bedplate.render.host_specs import host_specs
from factories.host_release import release_file
from factories.render_site import make_site

NAMES = ["mirror.site.bedplate.test", "mirror-cp1.site.bedplate.test"]


@pytest.fixture
def replicated(tmp_path: Path) -> Site:
    """Return a site whose control plane keeps all images."""
    return make_site(tmp_path, mirror={"replicas": "control_plane"})


@pytest.fixture
def specs(replicated: Site, catalog: Catalog) -> dict[str, HostSpec]:
    """Return its specs, by host."""
    found = host_specs(replicated, catalog.release, catalog.components, release_file(catalog))
    return {spec.host: spec for spec in found}


def _content(spec: HostSpec, path: str) -> str:
    return next(file.content for file in spec.files if file.path == path)


def test_control_plane_serves_images(specs: dict[str, HostSpec]) -> None:
    """The control plane gets registry and nginx, with images only; the workers get neither."""
    served = {"bedplate-registry.service", "nginx.service"}
    assert served <= set(specs["cp1"].services)
    assert not served & set(specs["worker1"].services)
    assert "registry" in specs["cp1"].binaries
    assert "mirror" in specs["cp1"].groups
    front = _content(specs["cp1"], "/etc/nginx/conf.d/bedplate-mirror.conf")
    assert f"server_name {NAMES[1]};" in front
    assert "ssl_certificate_key /etc/bedplate/mirror.key;" in front
    assert "location /v2/" in front
    assert "/apt/" not in front.split("server {")[1]
    assert specs["cp1"].vars["mirror_source"] == f"https://{NAMES[0]}"


def test_containerd_uses_all_of_them(specs: dict[str, HostSpec]) -> None:
    """Every node's hosts.toml lists the bastion and each replica, for every registry, and nothing else."""
    for host in ("cp1", "worker1"):
        for file in specs[host].files:
            if file.path.startswith("/etc/containerd/certs.d/"):
                registry = Path(file.path).parent.name
                urls = [line.split('"')[1] for line in file.content.splitlines() if line.startswith("[host")]
                assert urls == [f"https://{name}/v2/{registry}" for name in NAMES]


def test_names_and_certificate(replicated: Site, specs: dict[str, HostSpec]) -> None:
    """Every host knows the replica by name, and the mirror's certificate is for it."""
    assert addresses.mirror_names(replicated) == NAMES
    for spec in specs.values():
        assert "198.18.7.11 cp1 api.site.bedplate.test mirror-cp1.site.bedplate.test" in _content(spec, "/etc/hosts")


def test_other_images_change_the_digest(replicated: Site, catalog: Catalog, specs: dict[str, HostSpec]) -> None:
    """If the release has another image, the replica's digest changes, so that apply copies the image there."""
    release = release_file(catalog)
    artifacts = [a.model_copy(update={"sha256": "f" * 64}) if a.kind == "image" else a for a in release.artifacts]
    changed = release.model_copy(update={"artifacts": artifacts})
    found = {spec.host: spec for spec in host_specs(replicated, catalog.release, catalog.components, changed)}
    assert found["cp1"].digest != specs["cp1"].digest
    assert found["worker1"].digest == specs["worker1"].digest


def test_none_by_default(site: Site, catalog: Catalog) -> None:
    """Without replicas, no host has anything of them."""
    for spec in host_specs(site, catalog.release, catalog.components, release_file(catalog)):
        assert "mirror" not in spec.groups
        assert not any("mirror-" in file.content for file in spec.files if "certs.d" in file.path)
    assert addresses.mirror_names(site) == NAMES[:1]
