"""The release's registry serves the mirror tree, under upstream names and without a push."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bedplate.config import bundle_layout
from bedplate.core.oci import MANIFEST_TYPE
from bedplate.store import mirror_tree
from factories import own_registry, tiny_bundle

SETTINGS = """\
version: 0.1
log: {{level: error}}
storage:
  filesystem: {{rootdirectory: {root}}}
  maintenance: {{readonly: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[httpx.Client, tiny_bundle.Tiny]]:
    """Create the mirror tree of a bundle and serve it."""
    program, tiny = own_registry.program(), tiny_bundle.make(tmp_path)
    store = tmp_path / "store"
    shutil.copytree(tiny.folder / "blobs", store / "blobs")
    (store / "releases/1").mkdir(parents=True)
    for name in (bundle_layout.RELEASE, bundle_layout.MANIFEST):
        shutil.copy(tiny.folder / name, store / "releases/1")
    mirror_tree.ensure_mirror(store, tmp_path / "mirror", tmp_path / "gpg")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = tmp_path / "registry.yaml"
    settings.write_text(SETTINGS.format(root=tmp_path / "mirror/registry", port=port))
    environment = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
    with subprocess.Popen([program, "serve", settings], env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                wait(client)
                yield client, tiny
        finally:
            process.terminate()


def wait(client: httpx.Client) -> None:
    """Wait until the registry answers."""
    for _ in range(100):
        try:
            client.get("/v2/")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the registry does not answer")


def test_pulls_by_tag_and_digest(served: tuple[httpx.Client, tiny_bundle.Tiny]) -> None:
    """A client can pull the manifest by its upstream name and tag, and every blob."""
    client, tiny = served
    name = f"/v2/{mirror_name()}"
    answer = client.get(f"{name}/manifests/v1", headers={"Accept": MANIFEST_TYPE})
    assert answer.status_code == httpx.codes.OK
    assert answer.headers["content-type"] == MANIFEST_TYPE
    digest = "sha256:" + (tiny.release.image_digest(tiny_bundle.IMAGE) or "")
    assert answer.headers["docker-content-digest"] == digest
    assert client.get(f"{name}/manifests/{digest}", headers={"Accept": MANIFEST_TYPE}).content == answer.content
    manifest = json.loads(answer.content)
    for part in (manifest["config"], *manifest["layers"]):
        blob = client.get(f"{name}/blobs/{part['digest']}")
        assert "sha256:" + hashlib.sha256(blob.content).hexdigest() == part["digest"]
    assert client.get(f"{name}/tags/list").json()["tags"] == ["v1"]
    assert client.get("/v2/_catalog").json() == {"repositories": [mirror_name()]}


def test_refuses_a_push(served: tuple[httpx.Client, tiny_bundle.Tiny]) -> None:
    """A push is refused: the mirror has only what came in the signed bundle."""
    client, _ = served
    assert client.post(f"/v2/{mirror_name()}/blobs/uploads/").status_code == httpx.codes.METHOD_NOT_ALLOWED
    assert client.get("/v2/registry.k8s.io/other/manifests/v1").status_code == httpx.codes.NOT_FOUND


def mirror_name() -> str:
    """Return the tiny image's repository in the mirror."""
    return "registry.k8s.io/tiny"
