"""The mirror's apt repository: hard links to packages, and indexes that depend only on them.

Format: https://wiki.debian.org/DebianRepository/Format. Release depends only on the store. Only
InRelease has the signature, by a key that is created on the bastion, so apt needs no `trusted=yes`.
"""

from __future__ import annotations

import email.utils
import hashlib
from collections.abc import Iterable
from pathlib import Path

from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.core.file_tree import BlobLink, TreeFile
from bedplate.distributions.debian import deb_control

KIND = "deb"
SUITE = "bedplate"
COMPONENT = "main"
DIST = f"dists/{SUITE}"


def apt_tree(releases: Iterable[ReleaseFile], blobs: Path) -> dict[str, TreeFile]:
    """Return the repository without its signature: pool, Packages and Release."""
    listed = list(releases)
    debs = {a.file: a for release in listed for a in release.artifacts if a.kind == KIND}
    if not debs:
        return {}
    tree: dict[str, TreeFile] = {_pool(name): BlobLink(artifact.sha256) for name, artifact in debs.items()}
    architecture = listed[-1].architecture
    packages = "\n".join(_stanza(debs[name], blobs) for name in sorted(debs)).encode()
    index = f"{COMPONENT}/binary-{architecture}/Packages"
    tree[f"{DIST}/{index}"] = packages
    tree[f"{DIST}/Release"] = _release(index, packages, architecture, max(r.epoch for r in listed))
    return tree


def flat_stanza(name: str, package: Path) -> str:
    """Return a package's stanza in the index of a flat repository: a folder of packages.

    Args:
        name: the package's file name.
        package: its blob, named by its sha256.
    """
    place = [f"Filename: ./{name}", f"Size: {package.stat().st_size}", f"SHA256: {package.name}"]
    return "\n".join([deb_control.read_control(package).rstrip("\n"), *place, ""])


def _pool(name: str) -> str:
    return f"pool/{name}"


def _stanza(artifact: BundledArtifact, blobs: Path) -> str:
    control = deb_control.read_control(blobs / artifact.sha256).rstrip("\n")
    location = [f"Filename: {_pool(artifact.file)}", f"Size: {artifact.size}", f"SHA256: {artifact.sha256}"]
    return "\n".join([control, *location, ""])


def _release(index: str, packages: bytes, architecture: str, epoch: int) -> bytes:
    lines = [
        "Origin: Bedplate",
        "Label: Bedplate",
        f"Suite: {SUITE}",
        f"Codename: {SUITE}",
        f"Date: {email.utils.formatdate(epoch, usegmt=True)}",
        f"Architectures: {architecture}",
        f"Components: {COMPONENT}",
        "Description: Debian packages of the Bedplate releases in this bastion's store",
        "SHA256:",
        f" {hashlib.sha256(packages).hexdigest()} {len(packages)} {index}",
    ]
    return "\n".join([*lines, ""]).encode()
