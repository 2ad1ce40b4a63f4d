"""Whether an environment was installed, from its ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.apply.ledger import Ledger
from bedplate.config.environments import Site
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from bedplate.hosts.preflight import ownership


def test_a_ledger_counts_from_the_first_step_on_hosts(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Preflight alone installs nothing; the mirror step counts once it has started, in any environment."""
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    assert not ownership.is_installed(site)
    ledger = Ledger(site.ledger)
    run = ledger.begin_run("2026.11.0")
    ledger.begin(run, "preflight", "key")
    assert not ownership.is_installed(site)
    ledger.begin(run, ownership.FIRST_ON_HOSTS, "key")
    ledger.close()
    assert ownership.is_installed(site)
    assert ownership.served_environment() == site.environment.name


def test_a_ledger_that_was_only_begun_does_not_count(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An apply that is killed as it creates the ledger leaves an empty file; the next one must not stumble over it."""
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    site.ledger.parent.mkdir(parents=True)
    site.ledger.touch()
    assert not ownership.is_installed(site)
    assert ownership.served_environment() == ""


def test_a_corrupted_ledger_is_one_clear_line(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the file, and says that without it all steps run again."""
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    site.ledger.parent.mkdir(parents=True)
    site.ledger.write_bytes(b"half of a database" * 100)
    with pytest.raises(BedplateError, match=r"ledger .* cannot be read \(file is not a database\)"):
        ownership.served_environment()
