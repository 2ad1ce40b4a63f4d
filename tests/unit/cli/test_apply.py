"""What `bedplate apply` says at its end, above all where hosts were passed by."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bedplate import cli
from bedplate.apply import apply_environment
from bedplate.apply.run_steps import ApplySummary
from bedplate.cli import apply as command
from bedplate.config import environments
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from bedplate.remote import bastion
from factories.render_site import make_site

PAGE = paths.SOURCE / "docs/how-to/machine-down.md"
REASON = "does not answer: connect to host 10.20.0.17 port 22: No route to host"


def _apply(folder: Path, summary: ApplySummary, patch: pytest.MonkeyPatch, *words: str) -> Result:
    site = make_site(folder)
    patch.setattr(command, "refuse_before_sending", lambda _: None)
    patch.setattr(environments, "find", lambda _: folder)
    patch.setattr(bastion, "run_on_bastion", lambda _: site)
    patch.setattr(apply_environment, "run", lambda *_, **__: summary)
    typed = ["apply", site.environment.name, "--yes", *words]
    patch.setattr(sys, "argv", ["bedplate", *typed])
    return CliRunner().invoke(cli.build(typed), typed)


def _summary(passed_by: dict[str, str], silent: list[str]) -> ApplySummary:
    return ApplySummary(Path("/log"), {"hosts": 14}, ["mirror"], passed_by, silent, 41)


def test_an_incomplete_apply_names_its_hosts_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not claim that the environment is at its release; the page shows the same error."""
    done = _apply(tmp_path, _summary({"worker7": REASON}, ["worker7"]), monkeypatch)
    error = done.exception
    assert isinstance(error, BedplateError)
    assert error.exit_code == 1
    assert f"error: {error}" in PAGE.read_text()
    lines = done.stdout.splitlines()
    assert " is not yet at release " in lines[0]
    assert lines[1] == f"  worker7 was passed by: {REASON}"
    assert lines[1] in PAGE.read_text()
    two = str(command.incomplete(_summary({}, ["a", "b"])))
    assert two.startswith("hosts a, b were passed by: the apply is incomplete\n")


def test_what_a_step_left_undone_makes_it_incomplete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said in the result and in the error."""
    summary = _summary({}, [])
    summary.left = ["pod shop/web on worker7"]
    done = _apply(tmp_path, summary, monkeypatch)
    assert isinstance(done.exception, BedplateError)
    assert "is incomplete: pod shop/web on worker7" in str(done.exception)
    assert "  pod shop/web on worker7" in done.stdout.splitlines()


def test_hosts_in_maintenance_leave_it_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are named, and the exit code is 0."""
    done = _apply(tmp_path, _summary({"worker7": "in maintenance"}, []), monkeypatch)
    assert (done.exit_code, " is at release " in done.stdout) == (0, True), done.output
    assert "worker7 was passed by: in maintenance" in done.stdout


def test_programs_get_the_result_of_an_incomplete_apply_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output is the JSON alone; the error is not part of it."""
    done = _apply(tmp_path, _summary({"worker7": REASON}, ["worker7"]), monkeypatch, "--output", "json")
    assert json.loads(done.stdout)["silent"] == ["worker7"]
    assert isinstance(done.exception, BedplateError)
