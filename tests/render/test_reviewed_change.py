"""A reviewer's first screen for a change of hosts, tenants and policies."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bedplate.artifacts.load_release import load_release
from bedplate.config import environments
from bedplate.core import digest, paths
from bedplate.diff.diff_report import make_report
from bedplate.diff.input.read_snapshots import read_pair
from bedplate.diff.output import Format, show
from bedplate.diff.output.view import arrange
from bedplate.render import host_specs, locked_digests, objects

OPENED = {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"protocol": "TCP", "port": 10250}]}


def _host(one: dict[str, Any]) -> None:
    if "workers" in one["groups"]:
        one["packages"]["containerd"] = "1.6.24~ds1-1"
        one["binaries"]["kubelet"] = "1.34.4"
        one["sysctls"]["fs.inotify.max_user_watches"] = "1048576"


def _object(one: dict[str, Any]) -> None:
    if (one["kind"], one["metadata"]["name"]) == ("NetworkPolicy", "metrics-server"):
        one["spec"]["ingress"].append(OPENED)
    if (one["kind"], one["metadata"].get("namespace")) == ("ResourceQuota", "risk-serving"):
        one["spec"]["hard"]["limits.cpu"] = "8"


@pytest.fixture(scope="module")
def first_screen(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Compare the lab's rendered objects and hosts with the same after five changes."""
    site = environments.load(paths.SOURCE / "inventory" / "lab")
    release = load_release(site.environment.release)
    specs = host_specs.host_specs(site, release.release, release.components, locked_digests.known_release_file(release))
    folder = tmp_path_factory.mktemp("reviewed")
    old = [
        *(
            json.loads(one.line())
            for one in objects.render_objects(site, release, locked_digests.known_digests(release))
        ),
        *(spec.model_dump(mode="json") for spec in specs),
    ]
    _write(folder / "old.jsonl", old, lambda _: None, lambda _: None)
    _write(folder / "new.jsonl", old, _object, _host)
    pair = read_pair(str(folder / "old.jsonl"), str(folder / "new.jsonl"))
    return show(arrange(make_report(*pair)), Format.TEXT).partition("──")[0]


def _write(
    path: Path,
    lines: list[dict[str, Any]],
    change: Callable[[dict[str, Any]], None],
    host: Callable[[dict[str, Any]], None],
) -> None:
    for one in lines:
        change(one["object"]) if "object" in one else host(one)
    path.write_bytes(b"".join(digest.canonical(one) + b"\n" for one in lines))


@pytest.mark.parametrize(
    "said",
    [
        "2 objects (", "1 host (1 changed)", "1 node drained",
        "Nodes       worker1  drains: containerd 1.6.20~ds1-1+deb12u3 → 1.6.24~ds1-1; kubelet 1.34.3 → 1.34.4",
        "tenant risk  limits.cpu 6 → 12",
        "namespace kube-system  opened: from 10.0.0.0/8 to pods app.kubernetes.io/name=metrics-server, TCP port 10250",
        "also sysctl fs.inotify.max_user_watches nothing → 1048576, immediately",
    ],
)  # fmt: skip
def test_the_first_screen_shows_it(first_screen: str, said: str) -> None:
    """It shows the nodes that drain and why, the quota before and after, and the opened path, without scrolling."""
    assert " ".join(said.split()) in " ".join(first_screen.split())


def test_it_fits_a_screen(first_screen: str) -> None:
    """It has at most 24 lines of 100 columns."""
    lines = first_screen.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100
