"""Over which releases a release can be applied, and what the ledger records of a run."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bedplate.apply.ledger import DONE, FAILED, Ledger, read_last_run
from bedplate.apply.release_change import refuse_unsupported_change
from bedplate.apply.run_facts import RunFacts
from bedplate.config.release import Release, ToolchainVersions
from bedplate.core.errors import ErrorList

TABLE: dict[str, tuple[str, list[str], list[str], str]] = {
    # release, its upgradesFrom, releases begun, what is refused
    "a first installation": ("2026.12.0", [], [], ""),
    "the same release": ("2026.11.0", [], ["2026.11.0"], ""),
    "the same release, relocked": ("2026.11.0", [], ["2026.11.0+relock"], ""),
    "a listed upgrade": ("2026.12.0", ["2026.11.0"], ["2026.11.0+relock"], ""),
    "a listed upgrade that was interrupted": ("2026.12.0", ["2026.11.0"], ["2026.11.0", "2026.12.0"], ""),
    "an upgrade over two": ("2027.1.0", ["2026.12.0"], ["2026.11.0"], "over 2026.11.0: it upgrades from 2026.12.0"),
    "an upgrade from nothing": ("2027.1.0", [], ["2026.11.0"], "it upgrades from no other release"),
    "a downgrade": ("2026.11.0", [], ["2026.12.0"], "is older than 2026.12.0, which was applied here"),
    "a listed downgrade": ("2026.9.0", ["2026.10.0"], ["2026.10.0"], "is older than 2026.10.0"),
    "back after a failed upgrade": ("2026.11.0", [], ["2026.11.0", "2026.12.0"], "is older than 2026.12.0"),
}


@pytest.mark.parametrize("case", TABLE)
def test_only_a_listed_upgrade_is_applied(case: str) -> None:
    """Versions are compared by their numbers, and an apply that only began counts, too."""
    version, upgrades, begun, refused = TABLE[case]
    toolchain = ToolchainVersions(go="1", node="1")
    release = Release(version=version, upgradesFrom=upgrades, toolchain=toolchain, epoch=1, components={})
    if not refused:
        refuse_unsupported_change(release, begun)
        return
    with pytest.raises(ErrorList) as caught:
        refuse_unsupported_change(release, begun)
    (error,) = caught.value.errors
    assert (error.exit_code, refused in str(error), "--unsupported" in error.hint) == (2, True, True)


@pytest.fixture
def former(tmp_path: Path) -> Path:
    """Return a ledger as earlier releases created it, with one run."""
    database = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    database.execute(
        "CREATE TABLE runs (id INTEGER PRIMARY KEY, release TEXT NOT NULL, started REAL NOT NULL, ended REAL,"
        " outcome TEXT NOT NULL)"
    )
    database.execute("INSERT INTO runs VALUES (NULL, '2026.11.0', 1.0, 2.0, 'done')")
    database.close()
    return tmp_path / "ledger.db"


def test_a_ledger_of_an_earlier_release_gets_the_new_columns(former: Path) -> None:
    """Its runs stay, without what was not recorded then; opening it again adds nothing."""
    for _ in range(2):
        ledger = Ledger(former)
        assert (ledger.last_release(), ledger.last_run()["user"]) == ("2026.11.0", "")
        ledger.close()


def test_a_run_is_recorded_with_what_an_auditor_asks_for(former: Path) -> None:
    """Digests of environment and installer, who ran it, and the git revision."""
    ledger = Ledger(former, RunFacts("e" * 64, "i" * 64, "ada@laptop", "abc-dirty"))
    run = ledger.begin_run("2026.11.1")
    ledger.end_run(run, FAILED)
    last = ledger.last_run()
    assert {key: last[key] for key in ("release", "environment", "installer", "user", "revision", "outcome")} == {
        "release": "2026.11.1",
        "environment": "e" * 64,
        "installer": "i" * 64,
        "user": "ada@laptop",
        "revision": "abc-dirty",
        "outcome": FAILED,
    }
    assert ledger.releases_begun() == {"2026.11.0", "2026.11.1"}
    assert read_last_run(former) == last
    ledger.end_run(run, DONE)
    assert ledger.releases_begun() == {"2026.11.1"}
    ledger.close()


def test_a_site_without_a_ledger_has_no_run(tmp_path: Path) -> None:
    """Reading creates no ledger."""
    assert read_last_run(tmp_path / "ledger.db") == {}
    assert not (tmp_path / "ledger.db").exists()
