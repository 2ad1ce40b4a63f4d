"""A replica of the mirror: copied by the host's own program, served by the real registry."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from bedplate.core import paths
from bedplate.registry.pushable import pushable_images
from bedplate.store import mirror_tree
from factories import many_images, own_registry

pytestmark = pytest.mark.slow

PROGRAM = paths.SOURCE / "roles/mirror/files/replicate.py"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """An HTTP server of files that logs nothing."""

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture
def bastion(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Create a bastion's mirror tree and serve it; yield its folder and URL."""
    many_images.store(tmp_path / "store", largest=100_000)
    folder = tmp_path / "mirror"
    mirror_tree.ensure_mirror(tmp_path / "store", folder, tmp_path / "gpg")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def replicate(url: str, root: Path) -> subprocess.CompletedProcess[str]:
    """Run the program as Ansible does."""
    words = [sys.executable, "-I", str(PROGRAM), url, str(root), "none"]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def tree(root: Path) -> dict[str, bytes]:
    """Return every file of a registry's folder."""
    folder = root / "registry"
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_copies_what_is_missing(bastion: tuple[Path, str], tmp_path: Path) -> None:
    """The replica equals the bastion's tree; a second run changes nothing, and differences are repaired."""
    folder, url = bastion
    root = tmp_path / "replica"
    assert replicate(url, root).stdout == f"{len(tree(folder))} changed\n"
    assert tree(root) == tree(folder)
    assert replicate(url, root).stdout == "0 changed\n"
    blob = next((root / "registry").rglob("data"))
    link = next((root / "registry").rglob("current/link"))
    blob.unlink()
    link.write_text("sha256:0")
    (link.parent / "stray").touch()
    assert replicate(url, root).stdout == "3 changed\n"
    assert tree(root) == tree(folder)


def test_a_corrupted_blob_of_the_replica_is_fetched_again(bastion: tuple[Path, str], tmp_path: Path) -> None:
    """A disk that changed one byte, and left name, size and time, is found by the digest."""
    folder, url = bastion
    root = tmp_path / "replica"
    replicate(url, root)
    blob = next((root / "registry").rglob("data"))
    state = blob.stat()
    os.chmod(blob, 0o644)  # noqa: PTH101  the file is the test's own copy
    blob.write_bytes(blob.read_bytes()[:-1] + b"!")
    os.utime(blob, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert replicate(url, root).stdout == "1 changed\n"
    assert tree(root) == tree(folder)
    assert stat.S_IMODE(blob.stat().st_mode) == 0o444


def test_wrong_byte_is_refused(bastion: tuple[Path, str], tmp_path: Path) -> None:
    """A corrupted blob ends the run, and no link refers to it."""
    folder, url = bastion
    served = tmp_path / "served"
    shutil.copytree(folder, served)
    blob = next((served / "registry").rglob("data"))
    os.chmod(blob, 0o644)  # noqa: PTH101  the file is the test's own copy
    blob.write_bytes(blob.read_bytes()[:-1] + b"!")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=served))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    done = replicate(f"http://127.0.0.1:{server.server_port}", tmp_path / "replica")
    server.shutdown()
    server.server_close()
    assert done.returncode != 0
    assert "has digest" in done.stderr
    assert not list((tmp_path / "replica").rglob("link"))
    assert replicate(url, tmp_path / "replica").returncode == 0
    assert tree(tmp_path / "replica") == tree(folder)


def test_leaves_its_folder_alone(bastion: tuple[Path, str], tmp_path: Path) -> None:
    """A listing with a path outside of the folder is refused before anything is written."""
    folder, url = bastion
    listing = folder / "replica/registry.json"
    content = json.loads(listing.read_bytes())
    listing.write_text(json.dumps({**content, "links": {"../../escaped": "x"}}))
    assert replicate(url, tmp_path / "replica").returncode != 0
    assert not (tmp_path / "escaped").exists()
    assert not (tmp_path / "replica").exists()


def test_registry_serves_it(bastion: tuple[Path, str], tmp_path: Path) -> None:
    """The real registry serves every image from the replica, with the bastion down."""
    _, url = bastion
    with own_registry.serving(tmp_path / "replica", data="registry") as port:
        assert replicate(url, tmp_path / "replica").returncode == 0
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            for (repository, tag), manifest in pushable_images(
                mirror_tree.store_releases(tmp_path / "store"), tmp_path / "store"
            ).tags.items():
                answer = client.get(f"/v2/{repository}/manifests/{tag}", headers={"Accept": manifest.media_type})
                assert answer.content == manifest.content
                for part in json.loads(answer.content)["layers"]:
                    assert client.get(f"/v2/{repository}/blobs/{part['digest']}").status_code == httpx.codes.OK
