"""The layout of a bundle: its paths, and the models of release.json and manifest.json.

A bundle is an OCI image layout (https://github.com/opencontainers/image-spec/blob/main/image-layout.md)
with three more files and the folder `install`. The bundle's digest is the sha256 of manifest.json, which
lists every other file but the signature. So the signature covers everything in the bundle.
"""

from __future__ import annotations

from pydantic import Field

from bedplate.config.base import Model

OCI_LAYOUT = "oci-layout"
INDEX = "index.json"
BLOBS = "blobs/sha256"
RELEASE = "release.json"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.sig"
INSTALL = "install"
"""Folder of the program that installs the bundle (`python3 BUNDLE/install`)."""


SBOM, PROVENANCE = "application/vnd.cyclonedx+json", "application/vnd.in-toto+json"
"""Media types of a bundle's documents; a provenance document has one statement per line."""


def blob_path(sha256: str) -> str:
    """Return the path of a blob in the bundle."""
    return f"{BLOBS}/{sha256}"


class ManifestFile(Model):
    """One file of the bundle."""

    path: str
    sha256: str
    size: int


def is_blob(file: ManifestFile) -> bool:
    """Return whether a file in the bundle is a blob."""
    return file.path == blob_path(file.sha256)


class BundleManifest(Model):
    """manifest.json: every file but itself and its signature, sorted by path."""

    format: int = 1
    release: str
    files: list[ManifestFile]


class BundledArtifact(Model):
    """An artifact in the bundle, and its blob."""

    id: str = Field(description="id in the lock, such as deb:nginx-light")
    kind: str = Field(description="source kind")
    sha256: str = Field(description="digest of its blob; for an image, of its OCI manifest")
    size: int
    file: str = Field("", description="its file name in a repository, such as nginx-light_1.22.1-9_amd64.deb")
    image: str = Field("", description="for images: name:tag")
    component: str = ""


class BastionProgram(Model):
    """A program that the installer itself runs on the bastion."""

    component: str
    version: str
    artifact: str = Field(description="sha256 of the tar it is in")
    path: str = Field(description="path in that tar and below /opt/bedplate/<component>/<version>/")


class BastionNeeds(Model):
    """What `install` puts on the bastion, from the bundle alone, before anything else runs."""

    packages: list[str] = Field(default_factory=list, description="ids of the host packages, with their dependencies")
    wheels: list[str] = Field(default_factory=list, description="ids of the installer's wheels, including pip")
    programs: list[BastionProgram] = Field(default_factory=list, description="programs, unpacked to /opt/bedplate")


class ReleaseDocument(Model):
    """A document in the bundle about the release, such as a bill of materials."""

    kind: str = Field(description="media type: CycloneDX or in-toto")
    image: str = Field("", description="name:tag of the image it is about; empty: the whole release")
    sha256: str = Field(description="digest of its blob")
    size: int

    @property
    def title(self) -> str:
        """Return its file name in the bundle's OCI artifact of documents."""
        return f"{self.image or 'release'} {self.kind}"


class ReleaseFile(Model):
    """release.json: the contents of the bundle."""

    format: int = 1
    release: str = Field(description="version; ends in +relock where vanished packages were relocked")
    epoch: int = Field(0, description="SOURCE_DATE_EPOCH of the release; dates the package repository")
    suite: str = Field("", description="the hosts' distribution release, such as bookworm")
    architecture: str = Field("amd64", description="the hosts' architecture, as Debian calls it")
    installer: str = Field(description="sha256 of the blob with the installer: a tar of this repository's files")
    bastion: BastionNeeds = Field(default_factory=BastionNeeds, description="what install puts on the bastion")
    artifacts: list[BundledArtifact]
    sets: dict[str, list[str]] = Field(description="the lock's sets, by entry id")
    documents: list[ReleaseDocument] = Field(default_factory=list, description="bills of materials and provenance")

    def image_digest(self, image: str) -> str | None:
        """Return the manifest digest of name:tag, or None if the bundle does not have the image."""
        return next((a.sha256 for a in self.artifacts if a.image == image), None)
