"""Bundles: every file by its content, but for what is the installer's own.

The installer's own, which any change of this repository changes: its tar (with the roles, manifests and locks that it
carries), the program in install/, the line `installer` in release.json, and what is computed from these:
manifest.json, which lists them, and its signature.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from same_output.caches import without_images
from same_output.changes import by_name
from same_output.report_table import Report
from same_output.source_tree import Tree

MANIFEST, SIGNATURE, RELEASE = "manifest.json", "manifest.json.sig", "release.json"
INSTALL = "install/"
BLOBS = "blobs/sha256/"


def build(tree: Tree, release: str, out: Path) -> Path:
    """Build a release's bundle with a tree's code, signed with a key of the comparison's own.

    Images and documents are made again; packages, wheels, pages and programs come from the cache.
    """
    key = tree.work / "key"
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    env = {"BEDPLATE_CACHE": str(without_images(tree, release))}
    tree.must("bundle", "build", release, "--out", out, "--key", key, env=env)
    return out


def compare(old: Path, new: Path, title: str, report: Report) -> None:
    """Compare two bundles' files, and the facts in release.json."""
    releases = [json.loads((bundle / RELEASE).read_bytes()) for bundle in (old, new)]
    contents: list[dict[str, str]] = []
    errors: list[str] = []
    for bundle, release in zip((old, new), releases, strict=True):
        found = _contents(bundle)
        errors += _mismatches(bundle, found)
        contents.append({name: digest for name, digest in found.items() if not _is_own(name, release)})
    names = _names(old, releases[0]) | _names(new, releases[1])
    different = (_named(text, names) for text in by_name(*contents))
    report.add(f"bundle {title}: files but the installer's own", len(contents[0]), [*errors, *different])
    facts = [_facts(release) for release in releases]
    report.add(f"bundle {title}: facts in release.json but the installer", len(facts[0]), by_name(*facts))
    own = ", ".join(["the installer's tar", INSTALL, f"`installer` in {RELEASE}", MANIFEST, SIGNATURE])
    report.note(f"bundle {title}: the installer's own, not compared: {own}")


def _contents(bundle: Path) -> dict[str, str]:
    """Return the digest of every file in a bundle, by its path there."""
    files = sorted(path for path in bundle.rglob("*") if path.is_file())
    return {str(path.relative_to(bundle)): _digest(path) for path in files}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mismatches(bundle: Path, found: dict[str, str]) -> Iterable[str]:
    """Return a sentence for each file that is not what the bundle's own manifest says."""
    listed = {file["path"]: file["sha256"] for file in json.loads((bundle / MANIFEST).read_bytes())["files"]}
    there = {name: digest for name, digest in found.items() if name not in (MANIFEST, SIGNATURE)}
    return [f"{bundle}: manifest and content: {text}" for text in by_name(dict(sorted(listed.items())), there)]


def _is_own(path: str, release: dict[str, Any]) -> bool:
    own = (MANIFEST, SIGNATURE, RELEASE, BLOBS + release["installer"])
    return path in own or path.startswith(INSTALL)


def _facts(release: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of release.json, its artifacts and documents by name."""
    kept = {key: value for key, value in release.items() if key not in ("installer", "artifacts", "documents")}
    artifacts = {one["id"]: one for one in release["artifacts"]}
    documents = {f"{one['image'] or 'release'} {one['kind']}": one for one in release["documents"]}
    return kept | artifacts | documents


def _names(bundle: Path, release: dict[str, Any]) -> dict[str, str]:
    """Return what the blobs of a bundle are, by path."""
    names = {}
    for one in release["artifacts"]:
        names[BLOBS + one["sha256"]] = one["id"]
        if one["image"]:
            names |= {BLOBS + blob: f"{part} of {one['id']}" for part, blob in _parts(bundle, one["sha256"])}
    names |= {BLOBS + one["sha256"]: f"{one['kind']} of {one['image'] or 'release'}" for one in release["documents"]}
    return names


def _parts(bundle: Path, manifest: str) -> Iterator[tuple[str, str]]:
    parsed = json.loads((bundle / BLOBS / manifest).read_bytes())
    yield "config", parsed["config"]["digest"].removeprefix("sha256:")
    for number, layer in enumerate(parsed["layers"]):
        yield f"layer {number}", layer["digest"].removeprefix("sha256:")


def _named(text: str, names: dict[str, str]) -> str:
    path = text.partition(":")[0]
    return f"{text} ({names[path]})" if path in names else text
