"""A bundle's documents about itself: a CycloneDX document per image, one of the whole release, and provenance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.package import Package
from bedplate.artifacts.source_kind import Context
from bedplate.config.bundle_layout import PROVENANCE, SBOM, ReleaseDocument, ReleaseFile
from bedplate.config.release_lock import Output
from bedplate.core import digest
from bedplate.sbom import cyclonedx, package_inventory, provenance

FORM = 1
"""Part of every key in the cache: raise it when the same packages would give another document."""


def add_documents(release: ReleaseFile, context: Context) -> ReleaseFile:
    """Put a release's documents into the cache and return release.json with them.

    Args:
        release: without documents.
        context: the lock that it was built from, with all outputs.
    """
    known = (package for kind in context.kinds.values() for package in kind.known_packages(context))
    packages = package_inventory.read_inventory(release, context.cache, known).packages
    licences = _recorded_licences(context)
    packages = {name: tuple(_licensed(one, licences) for one in some) for name, some in packages.items()}
    return release.model_copy(update={"documents": list(_documents(release, packages, context))})


def record_licences(release: ReleaseFile, context: Context) -> int:
    """Record the licences of packages that do not name them; return how many packages remain without one."""
    everything = package_inventory.read_inventory(release, context.cache).everything
    kinds = context.kinds.values()
    return sum(kind.record_licences(context.release_folder, everything, context.cache) for kind in kinds)


def _recorded_licences(context: Context) -> dict[tuple[str, str], str]:
    """Return the recorded licences by ecosystem and `name@version`."""
    owners = [(kind, ecosystem) for kind in context.kinds.values() if (ecosystem := kind.ecosystem())]
    return {
        (ecosystem.purl_type, name): licence
        for kind, ecosystem in owners
        for name, licence in kind.recorded_licences(context.release_folder).items()
    }


def _licensed(package: Package, recorded: Mapping[tuple[str, str], str]) -> Package:
    licence = package.licence or recorded.get((package.ecosystem, f"{package.name}@{package.version}"), "")
    return package if licence == package.licence else package.model_copy(update={"licence": licence})


def _documents(
    release: ReleaseFile, packages: dict[str, tuple[Package, ...]], context: Context
) -> Iterator[ReleaseDocument]:
    cache, bare = context.cache, release.model_dump(exclude={"documents", "installer", "sets", "bastion"})
    facts = {name: bare[name] for name in ("release", "epoch", "suite")}
    for image in sorted((a for a in release.artifacts if a.image), key=lambda a: a.image):
        inputs = [facts, image.model_dump(), *(one.model_dump() for one in packages[image.id])]
        output = _kept(inputs, partial(cyclonedx.image_document, release, image, packages[image.id]), cache)
        yield _document(SBOM, image.image, output)
    everything = [bare, {name: [one.model_dump() for one in some] for name, some in packages.items()}]
    yield _document(SBOM, "", _kept(everything, partial(cyclonedx.release_document, release, packages), cache))
    yield _document(PROVENANCE, "", cache.add_bytes(provenance.provenance_statements(release, packages, context)))


def _kept(inputs: object, make: Callable[[], bytes], cache: Cache) -> Output:
    """Return the document of these inputs, from the cache if it is there."""
    key = digest.of({"document": FORM, "of": inputs})
    if known := cache.recall(key):
        return known
    output = cache.add_bytes(make())
    cache.remember(key, output)
    return output


def _document(kind: str, image: str, output: Output) -> ReleaseDocument:
    return ReleaseDocument(kind=kind, image=image, sha256=output.sha256, size=output.size)
