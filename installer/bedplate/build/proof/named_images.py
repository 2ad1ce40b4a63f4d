"""Find every image that a release names: in components, rendered objects, hosts' files and kubeadm."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from bedplate.artifacts import find_program
from bedplate.build.image_completeness import NamedImage, images_of_component, images_of_object
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.host_spec import HostFile
from bedplate.core import paths
from bedplate.core.command import run
from bedplate.images.image_name import normalize_image
from bedplate.images.reference import Kind
from bedplate.images.scan import images_in
from bedplate.kube.change import path_text
from bedplate.render.host_specs import host_specs
from bedplate.render.objects import image_digests, render_objects
from bedplate.render.reference_site import reference_site

KUBEADM_KIND = "ClusterConfiguration"


def named_images(catalog: Catalog, release: ReleaseFile) -> list[NamedImage]:
    """Return every image that is named, once per place that names it."""
    return list(dict.fromkeys([*images_of_components(catalog, release), *images_of_hosts(catalog, release)]))


def images_of_components(catalog: Catalog, release: ReleaseFile) -> Iterator[NamedImage]:
    """Yield what components declare and what their objects name: without profiles, with each, and with all."""
    for component in catalog.components.values():
        yield from images_of_component(component)
    every = _profiles()
    for profiles in ([], *([profile] for profile in every), *([every] if len(every) > 1 else [])):
        site = reference_site(catalog.release.version, profiles)
        for rendered in render_objects(site, catalog, image_digests(release)):
            yield from images_of_object(rendered.component, rendered.object)


def _profiles() -> list[str]:
    return sorted(
        {path.name for tree in paths.search_path() for path in (tree / "overlays").glob("*") if path.is_dir()}
    )


def images_of_hosts(catalog: Catalog, release: ReleaseFile) -> Iterator[NamedImage]:
    """Yield what the hosts' files name, such as containerd's sandbox image, and what kubeadm will pull."""
    site = reference_site(catalog.release.version, [])
    seen: set[HostFile] = set()
    for spec in host_specs(site, catalog.release, catalog.components, release):
        for file in spec.files:
            if file not in seen:
                seen.add(file)
                yield from _of_file(file, spec.host)
                yield from _of_kubeadm(file, catalog)


def _of_file(file: HostFile, host: str) -> Iterator[NamedImage]:
    """Scan a host's file as if it were a ConfigMap's: YAML, TOML and JSON by structure, others as text."""
    for hit in images_in({file.path: file.content}, kind=Kind.CONFIGMAP):
        yield NamedImage(hit.image, "hosts", f"host {host}", path_text(hit.path), f"file, {hit.certainty}")


def _of_kubeadm(file: HostFile, catalog: Catalog) -> Iterator[NamedImage]:
    """Yield the images that the release's own kubeadm lists for a configuration."""
    if KUBEADM_KIND not in file.content:
        return
    component = next(c.name for c in catalog.components.values() if any(_is_kubeadm(b.path) for b in c.hosts.binaries))
    documents = [d for d in yaml.safe_load_all(file.content) if d and d["kind"] == KUBEADM_KIND]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kubeadm.yaml"
        path.write_text(yaml.safe_dump_all(documents))
        kubeadm = find_program.find_program(component, "kubeadm", catalog)
        done = run([kubeadm, "config", "images", "list", "--config", path], env={"HOME": folder})
    for line in done.stdout.decode().split():
        yield NamedImage(normalize_image(line), component, "kubeadm config images list", file.path, "kubeadm pulls it")


def _is_kubeadm(path: str) -> bool:
    return path.endswith("/kubeadm")
