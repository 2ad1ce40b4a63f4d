"""The registry program of a release, serving an empty folder on loopback."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bedplate.artifacts import find_program
from bedplate.artifacts.load_release import load_release
from bedplate.core import oci

LONGEST_START = 10.0


@dataclass(frozen=True, slots=True)
class LocalRegistry:
    """A running registry.

    Attributes:
        port: its port on loopback.
        folder: its storage.
    """

    port: int
    folder: Path

    @property
    def name(self) -> str:
        """Return its host and port in image names."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def serving(folder: Path, release: str) -> Iterator[LocalRegistry]:
    """Serve an empty folder with the registry program of a release; the folder is removed afterwards."""
    program = find_program.find_program("registry", "registry", load_release(release))
    port, settings, data = _free_port(), folder / "registry.json", folder / "registry"
    storage = {"filesystem": {"rootdirectory": str(data)}}
    http_settings = {"addr": f"127.0.0.1:{port}", "secret": "benchmark"}
    settings.write_text(
        json.dumps({"version": 0.1, "log": {"level": "error"}, "storage": storage, "http": http_settings})
    )
    data.mkdir()
    os.sync()  # so that no pending write of one way delays the next
    environment = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
    with (
        (folder / "registry.log").open("wb") as log,
        subprocess.Popen([program, "serve", settings], env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            _await(port)
            yield LocalRegistry(port, data)
        finally:
            process.kill()
            shutil.rmtree(data)


def await_pullable(registry: LocalRegistry, manifests: Iterable[tuple[str, str]]) -> None:
    """Get manifests by repository and tag or digest, and check all blobs that the last one names."""
    connection = http.client.HTTPConnection("127.0.0.1", registry.port)
    for repository, reference in manifests:
        last, content = repository, _request(connection, "GET", f"/v2/{repository}/manifests/{reference}")
    for blob in oci.parse(content).blobs:
        _request(connection, "HEAD", f"/v2/{last}/blobs/{oci.digest(blob.sha256)}")
    connection.close()


def _request(connection: http.client.HTTPConnection, method: str, path: str) -> bytes:
    connection.request(method, path, headers={"Accept": oci.MANIFEST_TYPE})
    response = connection.getresponse()
    content = response.read()
    if response.status != http.client.OK:
        raise SystemExit(f"{method} {path}: the registry answers {response.status}")
    return content


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int) -> None:
    end = time.monotonic() + LONGEST_START
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise SystemExit("the registry does not answer")
