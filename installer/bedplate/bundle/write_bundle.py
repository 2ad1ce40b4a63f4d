"""Writing a bundle: an OCI image layout with release.json, manifest.json and its signature."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from bedplate import install
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.verified_blobs import VerifiedBlobs
from bedplate.bundle import publisher_signature
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import BundledArtifact, ReleaseDocument, ReleaseFile
from bedplate.core import oci
from bedplate.core.errors import InputError
from bedplate.core.file_tree import BlobLink, TreeFile, check_tree, ensure_tree
from bedplate.core.files import write_atomic

ARTIFACTS_TYPE = "application/vnd.bedplate.artifacts.v1"
"""Type of the OCI artifact that holds everything but the images, by file name."""
DOCUMENTS_TYPE = "application/vnd.bedplate.documents.v1"
"""Type of the OCI artifact that holds the bills of materials and the provenance."""


def write_bundle(out: Path, release: ReleaseFile, cache: Cache, key: Path) -> tuple[bundle_layout.BundleManifest, int]:
    """Write a release's bundle into a directory, and sign it.

    Returns:
        The bundle's manifest, and how many of the files that it lists were written.
    """
    _check_out(out)
    tree = _tree(release, cache)
    manifest = bundle_layout.BundleManifest(release=release.release, files=_files(tree, cache))
    blobs = cache.blob("").parent / "sha256"
    written = sum(path in tree for path in check_tree(out, tree, blobs))
    tree[bundle_layout.MANIFEST] = _json(manifest.model_dump())
    signature = out / bundle_layout.SIGNATURE
    if signature.is_file():
        tree[bundle_layout.SIGNATURE] = signature.read_bytes()
    # oci-layout comes first, so that the next run recognizes the folder wherever this one is killed.
    write_atomic(out / bundle_layout.OCI_LAYOUT, _oci_layout())
    ensure_tree(out, tree, blobs)
    publisher_signature.sign(out, key)
    return manifest, written


def bundle_digest(manifest: bundle_layout.BundleManifest) -> str:
    """Return a bundle's digest: the sha256 of its manifest.json."""
    return hashlib.sha256(_json(manifest.model_dump())).hexdigest()


def _check_out(out: Path) -> None:
    """Refuse a folder with anything but a bundle in it, because files that are not in the bundle are removed."""
    unfinished = f".{bundle_layout.OCI_LAYOUT}."
    names = [path.name for path in out.iterdir() if not path.name.startswith(unfinished)] if out.exists() else []
    if names and bundle_layout.OCI_LAYOUT not in names:
        raise InputError(f"folder {out}", "is neither empty nor a bundle", "choose another --out")


def _tree(release: ReleaseFile, cache: Cache) -> dict[str, TreeFile]:
    images = sorted((a for a in release.artifacts if a.kind == "image"), key=lambda a: a.image)
    others = [a for a in release.artifacts if a.kind != "image"]
    lists = [_artifact_list("artifacts", ARTIFACTS_TYPE, [_layer(oci.FILE_TYPE, a.file, a) for a in others], cache)]
    if release.documents:
        layers = [_layer(document.kind, document.title, document) for document in release.documents]
        lists.append(_artifact_list("documents", DOCUMENTS_TYPE, layers, cache))
    index = _json({"schemaVersion": 2, "mediaType": oci.INDEX_TYPE, "manifests": [*map(_descriptor, images), *lists]})
    blobs = {release.installer, cache.add_bytes(b"{}").sha256, *(named.sha256 for named in oci.parse(index).manifests)}
    blobs |= {document.sha256 for document in release.documents}
    blobs |= {a.sha256 for a in others}.union(*(cache.image_blobs(a.sha256) for a in images))
    tree: dict[str, TreeFile] = {bundle_layout.blob_path(sha): BlobLink(sha) for sha in sorted(blobs)}
    tree[bundle_layout.OCI_LAYOUT] = _oci_layout()
    tree[bundle_layout.INDEX] = index
    tree[bundle_layout.RELEASE] = _json(release.model_dump())
    tree |= {
        f"{bundle_layout.INSTALL}/{path.name}": path.read_bytes() for path in Path(install.__path__[0]).glob("*.py")
    }
    return tree


def _descriptor(image: BundledArtifact) -> dict[str, Any]:
    return oci.descriptor(oci.MANIFEST_TYPE, image.sha256, image.size, {oci.REF_NAME: image.image})


def _layer(kind: str, title: str, blob: BundledArtifact | ReleaseDocument) -> dict[str, Any]:
    return oci.descriptor(kind, blob.sha256, blob.size, {oci.TITLE: title})


def _artifact_list(name: str, kind: str, layers: list[dict[str, Any]], cache: Cache) -> dict[str, Any]:
    """Return the descriptor of an OCI artifact that lists blobs."""
    empty = oci.descriptor(oci.EMPTY_TYPE, cache.add_bytes(b"{}").sha256, 2)
    manifest = {"schemaVersion": 2, "mediaType": oci.MANIFEST_TYPE, "artifactType": kind, "config": empty}
    output = cache.add_bytes(_json({**manifest, "layers": layers or [empty]}))
    named = oci.descriptor(oci.MANIFEST_TYPE, output.sha256, output.size, {oci.REF_NAME: name})
    return {**named, "artifactType": kind}


def _files(tree: dict[str, TreeFile], cache: Cache) -> list[bundle_layout.ManifestFile]:
    """Return the files of the manifest; hash a blob again only if it changed since it was last hashed."""
    files = []
    with VerifiedBlobs(cache) as verified:
        for path, node in sorted(tree.items()):
            if isinstance(node, BlobLink):
                size = verified.check(node.sha256)
                files.append(bundle_layout.ManifestFile(path=path, sha256=node.sha256, size=size))
            else:
                sha = hashlib.sha256(node).hexdigest()
                files.append(bundle_layout.ManifestFile(path=path, sha256=sha, size=len(node)))
    return files


def _oci_layout() -> bytes:
    """Return the content of oci-layout (https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md)."""
    return _json({"imageLayoutVersion": "1.0.0"})


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
