"""What steps see of their results from outside, with pretended answers of the mirror and of the API server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from bedplate.apply.installation import Installation
from bedplate.apply.join_workers import JoinWorkers
from bedplate.apply.run_hosts import choose_hosts
from bedplate.apply.run_steps import ApplySummary
from bedplate.apply.serve_mirror import ServeMirror
from bedplate.apply.start_control_plane import StartControlPlane
from bedplate.cluster import kubectl
from factories.render_installation import make_installation, use_state

MIRROR = {"/v2/": 200, "/apt/dists/bedplate/InRelease": 200}


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Return an environment with certificates."""
    use_state(tmp_path / "state", monkeypatch)
    return make_installation(tmp_path / "environment")


@pytest.mark.parametrize(
    ("missing", "expected"), [((), True), (("/v2/",), False), (("/apt/dists/bedplate/InRelease",), False)]
)
def test_the_mirror_serves_images_and_packages(
    missing: tuple[str, ...], installation: Installation, monkeypatch: pytest.MonkeyPatch, *, expected: bool
) -> None:
    """Both answer at the bastion's address, under the mirror's name and with a certificate of the environment."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(404 if request.url.path in missing else MIRROR.get(request.url.path, 404))

    made: list[dict[str, Any]] = []
    real = httpx.Client

    def client(**options: Any) -> httpx.Client:
        made.append(options)
        return real(transport=httpx.MockTransport(answer))

    monkeypatch.setattr(httpx, "Client", client)
    assert ServeMirror(installation, choose_hosts(installation.site, None)).probe() is expected
    assert {request.url.path for request in asked} == MIRROR.keys()
    name = "mirror.site.bedplate.test"
    assert {(request.url.host, request.headers["Host"]) for request in asked} == {("198.18.7.10", name)}
    assert {request.extensions["sni_hostname"] for request in asked} == {name}
    (options,) = made
    subjects = [dict(one[0] for one in found["subject"]) for found in options["verify"].get_ca_certs()]
    assert subjects == [{"commonName": "Bedplate render-test"}]
    assert options["trust_env"] is False
    assert 0 < options["timeout"] <= 10


@pytest.mark.parametrize(("text", "expected"), [(b"ok", True), (b"etcd failed", False)])
def test_the_api_server_says_that_it_is_ready(
    text: bytes, installation: Installation, monkeypatch: pytest.MonkeyPatch, *, expected: bool
) -> None:
    """The control plane is up if its own check says ok."""
    monkeypatch.setattr(kubectl, "raw", lambda _, path: text if path == "/readyz" else b"")
    assert StartControlPlane(installation, choose_hosts(installation.site, None)).probe() is expected


def _node(name: str, status: str, reason: str = "KubeletReady") -> dict[str, Any]:
    conditions = [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": status, "reason": reason}]
    return {"metadata": {"name": name}, "status": {"conditions": conditions}}


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([_node("cp1", "True"), _node("worker1", "True"), _node("other", "False")], True),
        ([_node("cp1", "True"), _node("worker1", "Unknown", "NodeStatusUnknown")], False),
        ([_node("cp1", "True")], False),
    ],
)
def test_every_worker_is_a_ready_node(
    nodes: list[dict[str, Any]], installation: Installation, monkeypatch: pytest.MonkeyPatch, *, expected: bool
) -> None:
    """A worker that is missing or not ready is not joined; other nodes do not count."""
    monkeypatch.setattr(kubectl, "get", lambda _, kind: {"items": nodes if kind == "nodes" else []})
    assert JoinWorkers(installation, choose_hosts(installation.site, None)).probe() is expected


def test_the_summary_for_programs_has_everything() -> None:
    """Its JSON has what ran, what was skipped and what was left out."""
    reasons = {"worker1": "does not answer", "worker2": "is in maintenance"}
    summary = ApplySummary(Path("log"), {"hosts": 3, "mirror": 0}, ["trust"], reasons, ["worker1"], 61.26)
    assert json.loads(json.dumps(summary.as_json())) == {
        "changed": 3,
        "ran": {"hosts": 3, "mirror": 0},
        "skipped": ["trust"],
        "passed_by": reasons,
        "silent": ["worker1"],
        "left": [],
        "seconds": 61.3,
        "log": "log",
    }
