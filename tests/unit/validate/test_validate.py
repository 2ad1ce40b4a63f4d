"""`bedplate check` on environments that each have one error."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from bedplate import cli, validate
from bedplate.apply.ledger import Ledger
from bedplate.config import environments
from bedplate.core import paths
from bedplate.core.errors import ErrorList
from bedplate.hosts.preflight import ownership
from factories import DATA, ROOT

ENVIRONMENTS = DATA / "environments"
BROKEN = sorted(folder.name for folder in (ENVIRONMENTS / "broken").iterdir())


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the good environment, with its folder as the working folder."""
    folder = tmp_path / "site"
    shutil.copytree(ENVIRONMENTS / "good", folder)
    monkeypatch.chdir(folder)
    return folder


def test_the_good_environment_has_no_error(site: Path) -> None:
    """The environment that the broken ones are derived from is valid."""
    assert validate.check(site) == []
    assert [host.name for host in environments.load(site).hosts] == ["bastion", "cp1", "worker1"]


def test_a_worker_in_maintenance_is_still_a_worker(site: Path) -> None:
    """The group maintenance says nothing about what a host is, and needs no address."""
    with (site / "hosts.yaml").open("a") as file:
        file.write("    maintenance:\n      hosts:\n        worker1:\n")
    assert validate.check(site) == []
    worker = environments.load(site).hosts[-1]
    assert (worker.name, worker.groups, worker.in_maintenance) == ("worker1", ("workers",), True)


@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_environment_gives_its_expected_errors(site: Path, name: str) -> None:
    """Every error is found in one pass, with file, line, column and a hint."""
    shutil.copytree(ENVIRONMENTS / "broken" / name, site, dirs_exist_ok=True)
    errors = validate.check(site)
    assert [*map(str, errors)] == re.split(r"\n(?! )", (site / "expected.txt").read_text().rstrip("\n"))
    assert {error.exit_code for error in errors} == {2}
    assert all(error.location and error.location.line and error.location.column for error in errors)


def test_there_are_at_least_twenty_broken_environments() -> None:
    """The corpus does not shrink."""
    assert len(BROKEN) >= 20


def test_an_error_of_form_hides_no_error_of_another_kind(site: Path) -> None:
    """A wrong value is left out, and the rules check the rest in the same pass."""
    text = (site / "environment.yaml").read_text()
    text = text.replace("volumes: [2Gi]", "volumes: 2Gi").replace("10.22.0.0/16", "10.21.0.0/16")
    (site / "environment.yaml").write_text(text)
    assert [error.subject for error in validate.check(site)] == ["key network.services", "key notebooks.volumes"]


def test_a_private_key_in_the_folder_is_an_error(site: Path) -> None:
    """The folder is reviewed and copied between machines, so no private key may be in it."""
    (site / "pki").mkdir()
    # In two parts, so that this file itself holds no such line.
    (site / "pki/ca.key").write_text("-----BEGIN " + "PRIVATE KEY-----\n")
    (error,) = validate.check(site)
    assert error.subject == "file pki/ca.key"


def test_a_users_file_is_looked_for_on_the_bastion(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere its path cannot be checked; on the bastion a missing file is an error."""
    file = site / "environment.yaml"
    file.write_text(file.read_text() + f"identity:\n  users: {tmp_path}/users.yaml\n")
    assert validate.check(site) == []
    monkeypatch.setattr(environments, "ON_BASTION", tmp_path)
    assert [error.subject for error in validate.check(site)] == ["key identity.users"]


def _begin(name: str, step: str) -> None:
    ledger = Ledger(paths.environment_states() / name / "ledger.db")
    ledger.begin(ledger.begin_run("2026.11.0"), step, "key")
    ledger.close()


def test_a_bastion_serves_one_environment(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second environment would take over the mirror's name, certificate and hosts files, so it is refused there."""
    monkeypatch.setattr(environments, "ON_BASTION", tmp_path)
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    _begin("other", "preflight")
    assert validate.check(site) == []
    _begin("other", ownership.FIRST_ON_HOSTS)
    (error,) = validate.check(site)
    assert "this bastion serves environment other, and can serve only one" in str(error)
    assert f"move {tmp_path}/state/environments/other to a backup" in error.hint
    _begin("site", ownership.FIRST_ON_HOSTS)
    assert validate.check(site) == []


def test_a_missing_hosts_file_is_one_error(site: Path) -> None:
    """No other error follows from the missing file."""
    (site / "hosts.yaml").unlink()
    (error,) = validate.check(site)
    assert "does not exist" in error.fact


def test_load_refuses_what_check_refuses(site: Path) -> None:
    """Commands that load an environment report the same errors."""
    (site / "environment.yaml").write_text("name: site\nfoo: 1\n")
    with pytest.raises(ErrorList) as caught:
        environments.load(site)
    assert "environment.yaml:2:1: key foo is unknown" in str(caught.value)
    assert caught.value.exit_code == 2


def _run(words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["bedplate", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("name", BROKEN)
def test_the_command_exits_with_two_and_starts_no_program(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """With an empty PATH (no ssh), check reports all errors and exits with 2."""
    shutil.copytree(ENVIRONMENTS / "broken" / name, site, dirs_exist_ok=True)
    monkeypatch.setenv("PATH", "")
    assert _run(["check", "."], monkeypatch) == 2
    assert capsys.readouterr().err == (site / "expected.txt").read_text()


def test_the_command_prints_json(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The JSON output has file, line and column."""
    shutil.copytree(ENVIRONMENTS / "broken/unknown-key", site, dirs_exist_ok=True)
    assert _run(["check", str(site), "--output", "json"], monkeypatch) == 2
    errors = json.loads(capsys.readouterr().out)["errors"]
    assert [(error["file"], error["line"], error["column"]) for error in errors] == [
        ("environment.yaml", 1, 1),
        ("environment.yaml", 3, 1),
    ]


def test_the_lab_environment_is_valid() -> None:
    """`bedplate check lab` works on a fresh clone."""
    assert validate.check(ROOT / "inventory/lab") == []
