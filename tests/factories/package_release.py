"""A release file of packages that are put into a cache, and tiny Debian packages."""

from __future__ import annotations

from typing import Any

from bedplate.artifacts.cache import Cache
from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from factories import tiny_bundle


def package_release(cache: Cache, contents: dict[str, bytes], sets: dict[str, list[str]], **fields: Any) -> ReleaseFile:
    """Return a release file of artifacts by id, which are put into the cache."""
    artifacts = []
    for name, data in contents.items():
        kind: str = "deb" if name.startswith("deb:") else "wheel"
        output = cache.add_bytes(data)
        file = name.partition(":")[2] + (".deb" if kind == "deb" else "")
        artifacts.append(BundledArtifact(id=name, kind=kind, sha256=output.sha256, size=output.size, file=file))
    known = {"suite": "bookworm", "epoch": 1793491200, "installer": "0" * 64}
    return ReleaseFile(release="2026.11.0", artifacts=artifacts, sets=sets, **{**known, **fields})


def deb(name: str, version: str = "1.0", **fields: str) -> bytes:
    """Return a Debian package without files, with some fields in its control file."""
    lines = {"Package": name, "Version": version, "Architecture": "all", "Description": "tiny", **fields}
    return tiny_bundle.package("".join(f"{key.replace('_', '-')}: {value}\n" for key, value in lines.items()))
