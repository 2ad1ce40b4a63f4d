"""The release's own registry program, serving an empty folder on loopback, and what one asks it."""

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

ACCEPT = "application/vnd.oci.image.manifest.v1+json"
LONGEST_START = 10.0


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry that serves.

    Attributes:
        port: on loopback.
        folder: where it keeps everything.
    """

    port: int
    folder: Path

    @property
    def name(self) -> str:
        """Return what it is called in an image's name."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def serving(folder: Path, release: str) -> Iterator[Registry]:
    """Serve an empty folder, which is removed in the end, by the registry program of a release."""
    program = find_program.find_program("registry", "registry", load_release(release))
    port, settings, data = _free_port(), folder / "registry.json", folder / "registry"
    storage = {"filesystem": {"rootdirectory": str(data)}}
    http_settings = {"addr": f"127.0.0.1:{port}", "secret": "benchmark"}
    settings.write_text(
        json.dumps({"version": 0.1, "log": {"level": "error"}, "storage": storage, "http": http_settings})
    )
    data.mkdir()
    os.sync()  # what one way left to be written is not the next one's work
    environment = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
    with (
        (folder / "registry.log").open("wb") as log,
        subprocess.Popen([program, "serve", settings], env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            _await(port)
            yield Registry(port, data)
        finally:
            process.kill()
            shutil.rmtree(data)


def await_pullable(registry: Registry, manifests: Iterable[tuple[str, str]]) -> None:
    """Ask for manifests, each by its repository and tag or digest, and for all that the last one names."""
    connection = http.client.HTTPConnection("127.0.0.1", registry.port)
    for repository, reference in manifests:
        last, content = repository, _ask(connection, "GET", f"/v2/{repository}/manifests/{reference}")
    parsed = json.loads(content)
    for part in (parsed["config"], *parsed["layers"]):
        _ask(connection, "HEAD", f"/v2/{last}/blobs/{part['digest']}")
    connection.close()


def _ask(connection: http.client.HTTPConnection, method: str, path: str) -> bytes:
    connection.request(method, path, headers={"Accept": ACCEPT})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != http.client.OK:
        raise SystemExit(f"{method} {path}: the registry answers {answer.status}")
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
