"""The documents that a bundle carries about itself: a CycloneDX document per image and one of all, and provenance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.go.go_artifact import GoArtifact
from bedplate.artifacts.source_kind import Context
from bedplate.config.bundle_layout import PROVENANCE, SBOM, ReleaseDocument, ReleaseFile
from bedplate.config.release_lock import Output
from bedplate.core import digest
from bedplate.sbom import cyclonedx, go_licences, npm_packages, package_inventory, provenance
from bedplate.sbom.package import Ecosystem, Package

FORM = 1
"""Part of every key in the cache: raised when the same packages would give another document."""

GO_MODULES = "go/mod"
"""Folder of the cache that holds Go's modules while programs are compiled."""


def add_documents(release: ReleaseFile, context: Context) -> ReleaseFile:
    """Put a release's documents into the cache and return release.json with them.

    Args:
        release: without documents.
        context: the lock that it was built from, with all outputs.
    """
    packages = package_inventory.read_inventory(release, context.cache, _known(context)).packages
    licences = go_licences.read_licences(context.release_folder)
    packages = {name: tuple(_licensed(one, licences) for one in some) for name, some in packages.items()}
    return release.model_copy(update={"documents": list(_documents(release, packages, context))})


def record_licences(release: ReleaseFile, context: Context) -> int:
    """Record the licences of the Go modules in a release; return the number of modules that are left without one."""
    everything = package_inventory.read_inventory(release, context.cache).everything
    return go_licences.record_licences(context.release_folder, everything, context.cache.root / GO_MODULES)


def _licensed(package: Package, licences: Mapping[str, str]) -> Package:
    if package.ecosystem is not Ecosystem.GO or package.licence:
        return package
    return package.model_copy(update={"licence": licences.get(f"{package.name}@{package.version}", "")})


def _documents(
    release: ReleaseFile, packages: dict[str, tuple[Package, ...]], context: Context
) -> Iterator[ReleaseDocument]:
    cache, bare = context.cache, release.model_dump(exclude={"documents", "installer", "sets", "bastion"})
    facts = {name: bare[name] for name in ("release", "epoch", "suite")}
    for image in sorted((a for a in release.artifacts if a.image), key=lambda a: a.image):
        inputs = [facts, image.model_dump(), *(one.model_dump() for one in packages[image.id])]
        output = _kept(inputs, partial(cyclonedx.of_image, release, image, packages[image.id]), cache)
        yield _document(SBOM, image.image, output)
    everything = [bare, {name: [one.model_dump() for one in some] for name, some in packages.items()}]
    yield _document(SBOM, "", _kept(everything, partial(cyclonedx.of_release, release, packages), cache))
    yield _document(PROVENANCE, "", cache.add_bytes(provenance.of_release(release, packages, context)))


def _kept(inputs: object, make: Callable[[], bytes], cache: Cache) -> Output:
    """Return what the same inputs gave before, or give now."""
    key = digest.of({"document": FORM, "of": inputs})
    if known := cache.recall(key):
        return known
    output = cache.add_bytes(make())
    cache.remember(key, output)
    return output


def _document(kind: str, image: str, output: Output) -> ReleaseDocument:
    return ReleaseDocument(kind=kind, image=image, sha256=output.sha256, size=output.size)


def _known(context: Context) -> Iterator[Package]:
    """Yield what the lock and the components know of packages that say less themselves."""
    for lock in sorted(context.release_folder.glob("lock/npm/*/package-lock.json")):
        yield from npm_packages.read_lock(lock.read_text(encoding="utf-8"))
    artifacts = (artifact for component in context.components.values() for artifact in component.artifacts)
    for artifact in artifacts:
        if isinstance(artifact, GoArtifact):
            known = {"name": artifact.module, "version": artifact.version, "licence": artifact.licence}
            yield Package(ecosystem=Ecosystem.GO, **known)
