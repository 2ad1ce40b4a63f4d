"""Bills of materials as CycloneDX documents: https://cyclonedx.org/docs/1.6/json/.

The same release gives the same bytes: the serial number follows from the content, the time is the release's.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Mapping

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from bedplate.artifacts.kinds import ecosystems, source_kinds
from bedplate.artifacts.package import Package
from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.core import digest
from bedplate.distributions.find_distribution import distribution_of_suite
from bedplate.images.image_name import split_image

SPACE = uuid.UUID("0f4a4a53-7a60-5d0f-a3a2-6a1f6f0a6d5c")
"""Namespace of the serial numbers; it never changes."""
GO_SUM = "bedplate:go-sum"
PLATFORM = "bedplate"


def image_document(release: ReleaseFile, image: BundledArtifact, packages: Iterable[Package]) -> bytes:
    """Return the document of one image."""
    subject = _artifact(image)
    inner = [_package(package, release) for package in packages]
    return _written(_bom(subject, release, {subject: inner}))


def release_document(release: ReleaseFile, packages: Mapping[str, tuple[Package, ...]]) -> bytes:
    """Return the document of a whole release: its artifacts, and each package once.

    Args:
        release: the release.
        packages: what is in each artifact, by its id.
    """
    subject = Component(
        name=PLATFORM,
        version=release.release,
        type=ComponentType.PLATFORM,
        bom_ref=f"{PLATFORM}@{release.release}",
    )
    every = {package.key: package for some in packages.values() for package in some}
    made = {key: _package(package, release) for key, package in every.items()}
    holders = [artifact for artifact in release.artifacts if not source_kinds()[artifact.kind].is_package]
    inner = {_artifact(one): [made[package.key] for package in packages[one.id]] for one in holders}
    alone = {package.key for one in release.artifacts if one not in holders for package in packages[one.id]}
    return _written(_bom(subject, release, {subject: [*inner, *(made[key] for key in alone)], **inner}))


def _bom(subject: Component, release: ReleaseFile, contents: Mapping[Component, list[Component]]) -> Bom:
    time = dt.datetime.fromtimestamp(release.epoch, tz=dt.UTC)
    found = {one.bom_ref: one for some in contents.values() for one in some}
    refs = {ref: Dependency(ref) for ref in found}  # Bom.register_dependency would search all of them each time
    dependencies = [Dependency(one.bom_ref, (refs[i.bom_ref] for i in inner)) for one, inner in contents.items()]
    rest = [refs[ref] for ref in found.keys() - {one.bom_ref for one in contents}]
    metadata = BomMetaData(component=subject, timestamp=time)
    return Bom(metadata=metadata, components=found.values(), dependencies=[*dependencies, *rest])


def _written(bom: Bom) -> bytes:
    """Return a document with a serial number that follows from its content."""
    bom.serial_number = uuid.UUID(int=0)
    value = json.loads(JsonV1Dot6(bom).output_as_string())
    value["serialNumber"] = uuid.uuid5(SPACE, digest.of(value)).urn
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _artifact(artifact: BundledArtifact) -> Component:
    name = artifact.image or artifact.file
    purl = artifact_purl(artifact)
    return Component(
        name=name,
        type=ComponentType.CONTAINER if artifact.image else ComponentType.FILE,
        version=f"sha256:{artifact.sha256}",
        bom_ref=purl.to_string(),
        purl=purl,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=artifact.sha256)],
    )


def artifact_purl(artifact: BundledArtifact) -> PackageURL:
    """Return an artifact's package URL; an image's names its upstream repository."""
    version = f"sha256:{artifact.sha256}"
    if not artifact.image:
        return PackageURL("generic", None, artifact.file, version)
    host, repository, tag = split_image(artifact.image)
    qualifiers = {"repository_url": f"{host}/{repository}", "tag": tag}
    return PackageURL("oci", None, repository.rpartition("/")[2], version, qualifiers)


def package_purl(package: Package, release: ReleaseFile) -> PackageURL:
    """Return a package's package URL in a release."""
    return ecosystems()[package.ecosystem].purl(package, distribution_of_suite(release.suite).purl_name(release.suite))


def _package(package: Package, release: ReleaseFile) -> Component:
    purl = package_purl(package, release)
    digests = {HashAlgorithm.SHA_256: package.sha256, HashAlgorithm.SHA_512: package.sha512}
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        purl=purl,
        hashes=[HashType(alg=kind, content=value) for kind, value in digests.items() if value],
        licenses=[LicenseExpression(package.licence)] if package.licence else [],
        properties=[Property(name=GO_SUM, value=package.go_sum)] if package.go_sum else [],
    )
