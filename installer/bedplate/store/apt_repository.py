"""The mirror's apt repository: hard links to packages, deterministic indexes, and a signature by the bastion's key.

Format: https://wiki.debian.org/DebianRepository/Format. Release depends only on the store. Only
InRelease has the signature, by a key that is created on the bastion, so apt needs no `trusted=yes`.
"""

from __future__ import annotations

import email.utils
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from bedplate.artifacts.deb import deb_control
from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.core.command import run
from bedplate.core.file_tree import BlobLink, TreeFile

SUITE = "bedplate"
COMPONENT = "main"
DIST = f"dists/{SUITE}"
KEY = "bedplate.asc"


def apt_tree(releases: Iterable[ReleaseFile], blobs: Path) -> dict[str, TreeFile]:
    """Return the repository without its signature: pool, Packages and Release."""
    listed = list(releases)
    debs = {a.file: a for release in listed for a in release.artifacts if a.kind == "deb"}
    if not debs:
        return {}
    tree: dict[str, TreeFile] = {_pool(name): BlobLink(artifact.sha256) for name, artifact in debs.items()}
    architecture = listed[-1].architecture
    packages = "\n".join(_stanza(debs[name], blobs) for name in sorted(debs)).encode()
    index = f"{COMPONENT}/binary-{architecture}/Packages"
    tree[f"{DIST}/{index}"] = packages
    tree[f"{DIST}/Release"] = _release(index, packages, architecture, max(r.epoch for r in listed))
    return tree


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


def ensure_key(home: Path, name: str) -> str:
    """Return the armored public half of the bastion's apt key; create the key in its GnuPG folder on first use."""
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    if not _fingerprint(home):
        _gpg(
            home, "--pinentry-mode", "loopback", "--passphrase", "", "--quick-gen-key", name, "ed25519", "sign", "never"
        )
    return _gpg(home, "--armor", "--export-options", "export-minimal", "--export", _fingerprint(home)).decode()


def _fingerprint(home: Path) -> str:
    keys = _gpg(home, "--with-colons", "--list-secret-keys").decode()
    match = re.search(r"^fpr:+([0-9A-F]{40}):", keys, re.MULTILINE)
    return match[1] if match else ""


def sign_release(home: Path, release: bytes) -> bytes:
    """Return InRelease: Release with an inline signature."""
    return _gpg(home, "--clearsign", "--digest-algo", "SHA256", "--output", "-", stdin=release)


def is_signed(home: Path, release: bytes, in_release: Path) -> bool:
    """Return whether a file is exactly this Release, signed by this key."""
    if not in_release.is_file():
        return False
    done = run(["gpg", "--homedir", home, "--batch", "--output", "-", "--decrypt", in_release], check=False)
    return done.returncode == 0 and done.stdout.strip() == release.strip()


def _gpg(home: Path, *words: str, stdin: bytes | None = None) -> bytes:
    try:
        return run(["gpg", "--homedir", home, "--batch", "--quiet", "--no-tty", *words], stdin=stdin).stdout
    finally:
        # gpg leaves an agent running after it used a secret key.
        run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
