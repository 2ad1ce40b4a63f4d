"""kubectl: which program runs, against which cluster, and what stays out of logs."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bedplate.artifacts import find_program
from bedplate.cluster import admin_kubeconfig, kubectl
from bedplate.config.environments import Site
from bedplate.core import command
from factories.render_site import make_site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return an environment."""
    return make_site(tmp_path)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[Any], dict[str, Any]]]:
    """Return the commands that run."""
    found: list[tuple[list[Any], dict[str, Any]]] = []

    def run(argv: list[Any], **options: Any) -> Any:
        found.append((argv, options))
        return SimpleNamespace(stdout=b'{"items": []}')

    monkeypatch.setattr(command, "run", run)
    monkeypatch.setattr(find_program, "find_program", lambda *names: Path("/opt/found", *names))
    return found


@pytest.mark.parametrize("is_installed", [True, False])
def test_the_installed_program_is_preferred(
    site: Site, calls: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_installed: bool
) -> None:
    """Before the first apply, it is the release's own; the kubeconfig is the administrator's."""
    program = tmp_path / "kubectl"
    if is_installed:
        program.touch()
    monkeypatch.setattr(kubectl, "KUBECTL", program)
    assert kubectl.run(site, "apply", "-f", "-", stdin=b"{}", timeout=7) == b'{"items": []}'
    ((argv, options),) = calls
    found = program if is_installed else Path("/opt/found/kubernetes/kubectl")
    assert argv == [found, "--kubeconfig", admin_kubeconfig.path(site), "apply", "-f", "-"]
    assert options == {"stdin": b"{}", "timeout": 7, "has_secrets": False}


def test_objects_stay_out_of_logs(site: Site, calls: list[Any]) -> None:
    """What is read as JSON may be a Secret; what the API server says of itself is not."""
    assert kubectl.get(site, "nodes", "cp1") == {"items": []}
    kubectl.raw(site, "/readyz")
    (first, one), (second, other) = calls
    assert (first[3:], one["has_secrets"]) == (["get", "nodes", "cp1", "-o", "json"], True)
    assert (second[3:], other["has_secrets"]) == (["get", "--raw", "/readyz"], False)
    assert one["timeout"] == other["timeout"] == 60
