"""The report of a forwarded acceptance run: this run's own, never an older one."""

from __future__ import annotations

import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bedplate import cli
from bedplate.config.environments import Site
from bedplate.core import command
from bedplate.core.errors import InputError
from bedplate.hosts import ssh
from bedplate.lab import lab_address
from bedplate.lab.lab_environment import ensure_environment
from bedplate.remote import bastion, run_reports, send

OLD = "20261101T081500Z-00000000"


def test_the_oldest_reports_are_deleted(tmp_path: Path) -> None:
    """With the new report, the folder has 50; what is not a report stays."""
    names = [f"202611{day:02}T081500Z-{day:08x}" for day in range(1, 31)]
    names += [f"202612{day:02}T081500Z-{day:08x}" for day in range(1, 32)]
    for name in [*names, "notes"]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text("{}")
    run_reports.remove_oldest(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [*names[-49:], "notes"]
    run_reports.remove_oldest(tmp_path / "missing")


class PretendedSsh:
    """SSH to a bastion whose state is a folder of this computer; `verify` may write a report, or not."""

    def __init__(self, state: Path, code: int, *, writes: bool) -> None:
        """Have an older, green report."""
        self.state, self.code, self.writes = state, code, writes
        self._write(OLD, "green")

    def _write(self, name: str, text: str) -> None:
        folder = self.state / "log/acceptance" / name
        folder.mkdir(parents=True)
        (folder / "report.json").write_text(text)

    def run_in_terminal(self, words: list[str]) -> int:
        """Run `verify`, which names its report as the caller says."""
        (name,) = [word.partition("=")[2] for word in words[-1].split() if word.startswith(f"{run_reports.VARIABLE}=")]
        if self.writes:
            self._write(name, "red")
        return self.code

    def run(self, _: object, words: list[str], **__: Any) -> CompletedProcess[bytes]:
        """Run the command on this computer."""
        return command.run(words, check=False)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return a lab's environment on another machine than its bastion, whose state is in the test's folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "user"))
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM8htMWF/2x9Wgk4nlNjJK5lG7m+AiTkTYtVkGC8pl1+"
    found = ensure_environment(lab_address.reserve_lab("second"), key, "2026.11.0")
    monkeypatch.setattr(Site, "state", tmp_path / "bastion")
    monkeypatch.setattr(send, "send_environment", lambda _: None)
    return found


def _verify(site: Site, patch: pytest.MonkeyPatch, code: int, *, writes: bool) -> Result:
    pretended = PretendedSsh(site.state, code, writes=writes)
    patch.setattr(command, "run_in_terminal", pretended.run_in_terminal)
    patch.setattr(ssh, "run", pretended.run)
    patch.setattr(sys, "argv", ["bedplate", "verify", "second"])
    return CliRunner().invoke(cli.build(["verify"]), ["verify", "second"])


@pytest.mark.parametrize("code", [0, 1])
def test_the_runs_own_report_is_copied(code: int, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that failed copies its own report, and exits as the run did."""
    done = _verify(site, monkeypatch, code, writes=True)
    (copied,) = bastion.reports_folder("second").iterdir()
    assert (done.exit_code, (copied / "report.json").read_text()) == (code, "red")
    assert f"Copied to this machine: {copied}" in done.output


@pytest.mark.parametrize("code", [1, 2])
def test_a_run_that_wrote_nothing_copies_no_older_report(
    code: int, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that was refused keeps its exit code, and says that there is no report."""
    done = _verify(site, monkeypatch, code, writes=False)
    assert done.exit_code == code
    assert "The run wrote no report." in done.output
    assert not bastion.reports_folder("second").exists()


def test_a_chosen_name_is_used_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bastion uses the name that its caller chose; other text is refused, because it becomes a path."""
    name = run_reports.new_name()
    monkeypatch.setenv(run_reports.VARIABLE, name)
    assert run_reports.chosen_name() == name
    assert run_reports.chosen_name() != name
    assert run_reports.run_id(name) == name[-8:]
    monkeypatch.setenv(run_reports.VARIABLE, "../../etc")
    with pytest.raises(InputError, match="not a report's name"):
        run_reports.chosen_name()
