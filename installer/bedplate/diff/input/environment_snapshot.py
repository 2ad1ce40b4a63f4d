"""The snapshot of an environment: rendered objects, HostSpecs, and the sizes of its release's images."""

from __future__ import annotations

from pathlib import Path

from bedplate.artifacts.load_release import load_release
from bedplate.config import environments, yaml_document
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.config.published_files import RENDERED
from bedplate.core import paths
from bedplate.core.errors import InputError, SourceLocation
from bedplate.diff.input import image_facts
from bedplate.diff.input.image_facts import FindBlob
from bedplate.kube import normalize
from bedplate.kube.snapshot import Resource, Snapshot
from bedplate.pki.published import read_public
from bedplate.render import locked_digests
from bedplate.render.host_specs import host_specs
from bedplate.render.objects import image_digests, render_objects
from bedplate.render.rendered import RenderedObject

KUBERNETES = "kubernetes"
"""The component with the version of the API server."""


def find(spec: str) -> Path:
    """Return the folder of an environment; the InputError lists what else a snapshot can be."""
    try:
        return environments.find(spec)
    except InputError as error:
        fact = "is not a file, directory, environment or REVISION:ENVIRONMENT"
        raise InputError(f"snapshot {spec}", fact, "`bedplate diff --help` lists what a snapshot can be") from error


def read(spec: str, folder: Path) -> Snapshot:
    """Return the snapshot of an environment's folder."""
    site = environments.load(folder)
    release = load_release(site.environment.release)
    return of_site(spec, site, release, locked_digests.known_release_file(release))


def of_site(
    spec: str,
    site: Site,
    release: Catalog,
    file: ReleaseFile,
    blob: FindBlob = image_facts.in_store_or_cache,
) -> Snapshot:
    """Return the snapshot of a loaded environment.

    Args:
        spec: the name that the user gave.
        site: the environment.
        release: its release, with components.
        file: the contents of the release's bundle.
        blob: returns the path of a blob, whether or not it exists.
    """
    images = image_facts.facts_of_release(file, blob)
    digests = {name: digest for name, digest in image_digests(file).items() if digest}
    specs = host_specs(site, release.release, release.components, file)
    return Snapshot(
        name=spec,
        resources=normalize.by_identity(_thing(one, spec) for one in render_objects(site, release, digests)),
        hosts={one.host: one for one in specs},
        images=images,
        blobs=image_facts.carried_blobs(file, images),
        environment=site.environment,
        release=release.release,
        kubernetes=release.release.components.get(KUBERNETES, ""),
        rules=tuple(rule for component in release.components.values() for rule in component.rules),
        notes=_notes(site),
    )


def _thing(one: RenderedObject, spec: str) -> Resource:
    return normalize.to_resource(one.object, SourceLocation(_shown(one.source, spec)), one.component)


def _shown(source: str, spec: str) -> str:
    """Return a template's path as the user knows it, not where its tree was unpacked."""
    tree, path = paths.source_tree(), Path(source)
    if tree == paths.SOURCE:
        return yaml_document.display_path(path)
    return f"{spec.partition(':')[0]}:{path.relative_to(tree)}" if path.is_relative_to(tree) else path.name


def _notes(site: Site) -> tuple[str, ...]:
    missing = [name for name in RENDERED if not read_public(site, name)]
    if not missing:
        return ()
    files = ", ".join(f"pki/{name}" for name in missing)
    return (f"{site.environment.name} has no {files}: the first apply creates them; they are empty in this diff",)
