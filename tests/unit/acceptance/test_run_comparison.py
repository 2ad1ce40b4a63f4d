"""The comparison of a run with the last signed one, and what the report says about it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from bedplate.acceptance import acceptance_report, report_signature, run_comparison
from bedplate.acceptance.acceptance_result import AcceptanceCheck
from bedplate.bundle import ssh_signature
from factories.acceptance_pytest import run_of


def _check(name: str, outcome: str) -> AcceptanceCheck:
    values = {"id": f"a/{name}", "title": name, "component": "a", "outcome": outcome, "seconds": 1}
    return AcceptanceCheck.model_validate(values)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Return a site's private key; the public key is next to it."""
    ssh_signature.new_key(tmp_path / "key" / "site", "site lab")
    return tmp_path / "key" / "site"


@pytest.fixture
def reports(tmp_path: Path, key: Path) -> Path:
    """Return a folder with two signed reports, and newer ones that are unsigned, changed or broken."""
    folder = tmp_path / "reports"
    for name, outcome in (("1", "failed"), ("2", "passed"), ("3", "failed"), ("4", "failed"), ("5", "failed")):
        run = run_of(_check(name, outcome))
        acceptance_report.write(run, folder / name)
        report_signature.sign_report(run, folder / name, key)
    (folder / "3" / "manifest.json.sig").unlink()
    (folder / "4" / "report.json").write_text('{"checks": []}')
    (folder / "5" / "report.json").unlink()
    (folder / "6").mkdir()
    (folder / "7").write_text("not a folder")
    return folder


def test_the_last_signed_run_is_compared_with(reports: Path, key: Path) -> None:
    """Reports that the site did not sign as they are, are passed over."""
    found = run_comparison.last_signed(reports, lambda _: key.with_name("site.pub").read_text())
    assert found is not None
    assert [check["id"] for check in found["checks"]] == ["a/2"]


def test_the_first_run_is_compared_with_none(tmp_path: Path) -> None:
    """If there is no signed report, there is no comparison."""
    assert run_comparison.last_signed(tmp_path / "none", lambda _: "") is None
    assert run_of(_check("x", "passed")).as_json()["comparison"] is None


def test_what_became_worse_is_named() -> None:
    """Checks that became worse or better, that are new, and that are missing are named; the others are not."""
    before = {
        "same": "passed",
        "bad": "failed",
        "broken": "passed",
        "lost": "passed",
        "fixed": "failed",
        "gone": "passed",
    }
    after = {
        "same": "passed",
        "bad": "failed",
        "broken": "failed",
        "lost": "skipped",
        "fixed": "passed",
        "fresh": "passed",
    }
    earlier = run_of(*(_check(name, outcome) for name, outcome in before.items())).as_json()
    found = run_comparison.compare(json.loads(json.dumps(earlier)), [_check(*one) for one in after.items()])
    assert (found.worse, found.better) == (["a/broken", "a/lost"], ["a/fixed"])
    assert (found.missing, found.new) == (["a/gone"], ["a/fresh"])
    assert (found.release, found.started.isoformat()) == ("2026.11.0", "2026-11-22T20:00:00+00:00")


def test_the_report_says_what_changed_was_skipped_and_left_out(tmp_path: Path) -> None:
    """Terminal, page and JSON name the checks that were skipped, hosts that were left out, and the comparison."""
    skipped = _check("notebook", "skipped").model_copy(update={"detail": "no node has room"})
    counted = _check("packets", "passed").model_copy(
        update={"facts": {"packets_outside": 0, "counted_since": "2026-11-20T08:15:00+00:00"}}
    )
    run = run_of(counted, skipped)
    comparison = run_comparison.compare(run_of(_check("notebook", "passed")).as_json(), run.checks)
    run = run.model_copy(update={"comparison": comparison, "not_tested": {"cp1": "in maintenance"}})
    output = io.StringIO()
    acceptance_report.show(run, Console(file=output, width=200))
    acceptance_report.write(run, tmp_path)
    shown = output.getvalue()
    page = (tmp_path / "report.html").read_text()
    for text in (shown, page):
        assert "no node has room" in text
        assert "worse: a/notebook; new: a/packets" in text
        assert "cp1" in text
        assert "2026-11-20 08:15" in text
    assert "host cp1 was not tested: in maintenance" in shown
    assert "not tested: in maintenance" in page
    assert ">INCOMPLETE<" in page
    data = json.loads((tmp_path / "report.json").read_text())
    assert (data["green"], data["not_tested"], data["comparison"]["worse"]) == (
        False,
        {"cp1": "in maintenance"},
        ["a/notebook"],
    )
    assert data["counted_since"] == "2026-11-20T08:15:00+00:00"


def test_counted_since_is_the_latest_beginning() -> None:
    """The run counts since the last host began: before, packets of that host were not counted."""
    times = ["2026-11-20T08:15:00+00:00", "2026-11-22T08:15:00+00:00", "2026-11-21T08:15:00+00:00"]
    checks = [
        _check(str(n), "passed").model_copy(update={"facts": {"counted_since": at}}) for n, at in enumerate(times)
    ]
    found = run_of(*checks).counted_since
    assert found is not None
    assert found.isoformat() == times[1]
