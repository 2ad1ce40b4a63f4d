"""The API server that these tests run against."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from factories.api_server import START_PROPERTY, ApiServer
from factories.background_programs import PREFIX

START = """\
import subprocess, sys, time
from bedplate.artifacts.load_release import load_release
from factories.api_server import running_api_server
with running_api_server(load_release(sys.argv[1])) as server:
    (server.folder / "sleep").symlink_to("/bin/sleep")
    other = subprocess.Popen([server.folder / "sleep", "600"])
    print(server.folder, other.pid, *(program.process.pid for program in server.programs), flush=True)
    time.sleep(600)
"""
"""A run of tests that is killed. It prints its folder and the ids of three programs, the first not supervised."""
CLEAN = """\
from factories.background_programs import scratch_folder
with scratch_folder():
    pass
"""


def _get(server: ApiServer, path: str) -> httpx.Response:
    """Return the response to GET on a path."""
    with server.client() as client:
        return client.get(path)


def test_it_is_ready_in_seconds(server: ApiServer, record_property: Callable[[str, object], None]) -> None:
    """It has the release's version; the report of the run says how many seconds its start took."""
    record_property(START_PROPERTY, round(server.seconds, 1))
    version = _get(server, "/version").json()["gitVersion"]
    assert version == f"v{server.catalog.components['kubernetes'].version}"


@pytest.mark.parametrize(
    "path", ["/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies", "/readyz/etcd", "/readyz/ping"]
)
def test_it_serves_policies_and_reaches_etcd(path: str, server: ApiServer) -> None:
    """It serves the kinds in which the platform's policies are written, and keeps them in etcd."""
    assert _get(server, path).is_success


def test_nothing_is_left_of_a_killed_run(server: ApiServer) -> None:
    """Two runs work at the same time. When one is killed, its servers end, and the next run cleans up the rest."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-c", START, str(server.catalog.folder)]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        folder, other, *ids = run.stdout.readline().split()
        assert _get(server, "/readyz").is_success
        run.send_signal(signal.SIGKILL)
    assert len(ids) == len(server.programs)
    assert _holds_within(10, lambda: not any(_is_running(int(one)) for one in ids))
    assert Path(folder).name.startswith(PREFIX)
    assert _is_running(int(other))
    subprocess.run([sys.executable, "-c", CLEAN], env=environment, check=True)
    assert _holds_within(10, lambda: not _is_running(int(other)))
    assert not Path(folder).exists()
    assert server.folder.exists()


def _is_running(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def _holds_within(seconds: float, condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
