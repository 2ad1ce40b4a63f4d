"""Over which releases a release can be applied, and what the ledger records of a run."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bedplate.apply import running_cluster
from bedplate.apply.installation import Installation
from bedplate.apply.ledger import DONE, FAILED, Ledger, read_last_run
from bedplate.apply.release_change import refuse_change, refuse_unsupported_change
from bedplate.apply.run_facts import RunFacts
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.release import Release, ToolchainVersions
from bedplate.core.errors import BedplateError, ErrorList, InputError
from bedplate.store.installed import InstalledRelease
from factories.render_site import make_site

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


REFUSED = ErrorList([InputError("release", "has another Kubernetes")])
SILENT = BedplateError("kubectl", "did not answer")
CHANGES: dict[str, tuple[list[str], bool, bool, Exception | None, str]] = {
    # releases begun, is the control plane begun, --unsupported, what the cluster says, what is refused
    "a first installation asks no cluster": ([], False, False, SILENT, ""),
    "a supported change": (["2026.11.0"], True, False, None, ""),
    "another Kubernetes": (["2026.11.0"], True, False, REFUSED, "has another Kubernetes"),
    "another Kubernetes, unsupported": (["2026.11.0"], True, True, REFUSED, "has another Kubernetes"),
    "a downgrade": (["2026.12.0"], True, False, None, "is older than 2026.12.0"),
    "a downgrade, unsupported": (["2026.12.0"], True, True, None, ""),
    "the same release, and a cluster that is down": (["2026.11.1"], True, False, SILENT, ""),
    "another release, and a cluster that is down": (["2026.11.0"], True, False, SILENT, "does not say what runs"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_is_judged_before_anything_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """What runs in the cluster decides, too; a cluster that is down can be repaired with the release that it has."""
    begun, has_cluster, unsupported, says, refused = CHANGES[case]

    def cluster(_: object) -> None:
        assert has_cluster
        if says:
            raise says

    monkeypatch.setattr(running_cluster, "refuse_cluster_upgrade", cluster)
    ledger = Ledger(tmp_path / "ledger.db")
    for label in begun:
        run = ledger.begin_run(label)
        if has_cluster:
            ledger.begin(run, running_cluster.FIRST_STEP, "key")
    toolchain = ToolchainVersions(go="1", node="1")
    release = Release(version="2026.11.1", upgradesFrom=["2026.11.0"], toolchain=toolchain, epoch=1, components={})
    held = ReleaseFile(release="2026.11.1", installer="", artifacts=[], sets={})
    catalog = Catalog(release, tmp_path, {}, {})
    installation = Installation(make_site(tmp_path), catalog, InstalledRelease(tmp_path, held, ()))
    said = ""
    try:
        refuse_change(installation, ledger, unsupported=unsupported)
    except (BedplateError, ErrorList) as error:
        said = str(error)
    ledger.close()
    assert (bool(said), refused in said) == (bool(refused), True)


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
