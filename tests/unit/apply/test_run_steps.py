"""Running steps: what is skipped, what runs, and the error when a step fails."""

from __future__ import annotations

import io
import logging
import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

from bedplate.apply.ledger import DONE, FAILED, INCOMPLETE, RUNNING, Ledger
from bedplate.apply.log_files import new_log_file
from bedplate.apply.run_hosts import choose_hosts
from bedplate.apply.run_steps import ApplySummary, run_phases
from bedplate.apply.step import Journal, Outcome, Phase
from bedplate.apply.step_progress import Progress
from bedplate.core import command
from bedplate.core.errors import BedplateError, ErrorList, InputError
from factories.local_hosts import local_site, silence


def _nothing(_: Journal) -> None:
    """Do nothing."""


@dataclass
class Counter:
    """A step that counts its runs in a file."""

    file: Path
    id: str = "count"
    title: str = "counts"
    where: str = "here"
    inputs: str = "one"
    before: Callable[[Journal], None] = field(default=_nothing)

    def key(self) -> str:
        """Return the inputs themselves."""
        return self.inputs

    def is_done(self) -> bool:
        """Return whether the file is there."""
        return self.file.exists()

    def run(self, journal: Journal) -> Outcome:
        """Write one more line, unless the file says the same already."""
        self.before(journal)
        changed = not self.file.exists() or self.inputs not in self.file.read_text().split()
        with self.file.open("a") as lines:
            lines.write(f"{self.inputs}\n" if changed else "")
        return Outcome(int(changed))


def _apply(tmp_path: Path, *steps: Counter, every: bool = False) -> tuple[ApplySummary, str]:
    out = io.StringIO()
    ledger = Ledger(tmp_path / "ledger.db")
    try:
        with Progress(len(steps), Console(file=out, width=200)) as progress:
            phases = [Phase("all", tuple(steps))]
            summary = run_phases(phases, ledger, progress, new_log_file(tmp_path / "log"), release="1", every=every)
    finally:
        ledger.close()
    return summary, out.getvalue()


def test_a_step_runs_once_while_key_and_result_are_the_same(tmp_path: Path) -> None:
    """The first apply runs a step, the second skips it, and says so."""
    step = Counter(tmp_path / "file")
    first, _ = _apply(tmp_path, step)
    assert 0 <= first.seconds < 60
    second, output = _apply(tmp_path, step)
    assert (first.ran, second.ran, second.skipped) == ({"count": 1}, {}, ["count"])
    assert "already done" in output


def test_a_third_apply_skips_what_the_second_skipped(tmp_path: Path) -> None:
    """That a step was skipped is recorded, and does not count as its last run."""
    step = Counter(tmp_path / "file")
    assert [_apply(tmp_path, step)[0].skipped for _ in range(3)] == [[], ["count"], ["count"]]


@pytest.mark.parametrize("error", [BedplateError("file ca.crt", "cannot be read"), ValueError("not PEM")])
@pytest.mark.parametrize("method", ["key", "is_done"])
def test_an_error_before_a_step_begins_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, error: Exception
) -> None:
    """An error in a step's key or probe is a failure of that step, and the next apply does not skip it."""
    step = Counter(tmp_path / "file")
    _apply(tmp_path, step)

    def fails(_: Counter) -> str:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Counter, method, fails)
        with pytest.raises((BedplateError, ValueError)):
            _apply(tmp_path, step)
    ledger = Ledger(tmp_path / "ledger.db")
    record = ledger.last("count")
    ledger.close()
    assert record is not None
    assert record.outcome == FAILED
    assert _apply(tmp_path, step)[0].ran == {"count": 0}


def test_a_step_runs_again_if_its_key_changed_or_its_result_is_missing(tmp_path: Path) -> None:
    """A step runs if its key changed, and if its probe fails under the same key."""
    _apply(tmp_path, Counter(tmp_path / "file"))
    assert _apply(tmp_path, Counter(tmp_path / "file", inputs="two"))[0].ran == {"count": 1}
    (tmp_path / "file").unlink()
    assert _apply(tmp_path, Counter(tmp_path / "file", inputs="two"))[0].ran == {"count": 1}


def test_all_steps_runs_what_is_done_and_reports_no_change(tmp_path: Path) -> None:
    """With `every`, a step that is done runs and changes nothing."""
    step = Counter(tmp_path / "file")
    _apply(tmp_path, step)
    summary, output = _apply(tmp_path, step, every=True)
    assert (summary.ran, summary.changed) == ({"count": 0}, 0)
    assert "no change" in output


def test_a_failure_shows_the_last_lines_and_the_log(tmp_path: Path) -> None:
    """The error has the step, the last lines that its program printed, and the path of the log."""

    def fails(journal: Journal) -> None:
        journal.write("begins well")
        command.run([sys.executable, "-c", "print('the disk is on fire'); raise SystemExit(3)"])

    with pytest.raises(BedplateError) as caught:
        _apply(tmp_path, Counter(tmp_path / "file", before=fails))
    text = str(caught.value)
    assert "step count failed" in text
    assert "the disk is on fire" in text
    assert str(tmp_path / "log") in text
    (log,) = (tmp_path / "log").iterdir()
    assert "begins well" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_a_failure_shows_only_the_output_of_its_step(tmp_path: Path) -> None:
    """Lines of earlier steps are not shown, nor more than the last twenty, nor bytes that are no text."""

    def speaks(journal: Journal) -> None:
        journal.write("of the first step")

    def fails(journal: Journal) -> None:
        with journal.path.open("ab") as log:
            log.write(b"".join(b"line %d \xff\n" % number for number in range(20)))
        raise BedplateError("disk", "is full")

    first, second = Counter(tmp_path / "a", id="a", before=speaks), Counter(tmp_path / "b", id="b", before=fails)
    with pytest.raises(BedplateError) as caught:
        _apply(tmp_path, first, second)
    lines = str(caught.value).splitlines()
    assert lines[:2] == ["step b failed: disk is full", "  last lines of its output:"]
    assert lines[2:-1] == [f"    line {number} \ufffd" for number in range(20)]


def test_what_modules_log_is_in_the_log_of_the_run(tmp_path: Path) -> None:
    """With the time, also in detail, and only while a step runs."""
    logger = logging.getLogger("bedplate.somewhere")
    before = logging.getLogger("bedplate")
    was = (before.level, before.propagate, [*before.handlers])

    def speaks(_: Journal) -> None:
        logger.debug("in detail: %s", "\udcff")

    summary, _ = _apply(tmp_path, Counter(tmp_path / "file", before=speaks))
    logger.error("afterwards")
    assert re.search(r"^\d\d:\d\d:\d\d in detail: ", summary.log.read_text(), re.MULTILINE)
    assert "afterwards" not in summary.log.read_text()
    assert (before.level, before.propagate, before.handlers) == was


@pytest.mark.parametrize(
    ("error", "text"),
    [(BedplateError("disk", "is full"), "✗ [ 2/2] counts (here) failed,"), (KeyboardInterrupt(), "stopped,")],
)
def test_people_see_where_an_apply_ended(tmp_path: Path, error: BaseException, text: str) -> None:
    """The step that failed has a line of its own, with its number; the ledger has the run, and how long it took."""

    def fails(_: Journal) -> None:
        raise error

    out = io.StringIO()
    first, second = Counter(tmp_path / "a", id="a"), Counter(tmp_path / "b", id="b", before=fails)
    with closing(Ledger(tmp_path / "ledger.db")) as ledger, Progress(2, Console(file=out, width=200)) as progress:
        with pytest.raises((BedplateError, KeyboardInterrupt)):
            run_phases([Phase("All", (first, second))], ledger, progress, new_log_file(tmp_path / "log"), release="1")
        assert ledger.last_run()["outcome"] == FAILED
        assert ledger.last("b").detail.splitlines() in (["KeyboardInterrupt"], ["disk is full"])  # type: ignore[union-attr]
    assert text in out.getvalue()
    assert [path.name for path in tmp_path.glob("ledger*")] == ["ledger.db"]


@pytest.mark.parametrize("several", [False, True])
def test_bad_input_in_a_step_is_a_failure_of_one_line(tmp_path: Path, *, several: bool) -> None:
    """Its text stays, without the log's last lines; its exit code is 1, because hosts may have been changed by then."""
    wrong = InputError("key release", "names a release that is not here", "run `bedplate check lab`")

    def fails(_: Journal) -> None:
        raise ErrorList([wrong]) if several else wrong

    with pytest.raises((BedplateError, ErrorList)) as caught:
        _apply(tmp_path, Counter(tmp_path / "file", before=fails))
    assert str(caught.value) == "key release names a release that is not here\n  hint: run `bedplate check lab`"
    assert getattr(caught.value, "exit_code", 0) == 1


def test_a_failed_step_runs_again_and_the_ones_before_it_do_not(tmp_path: Path) -> None:
    """After a failure, the next apply resumes at the step that failed."""

    def fails(_: Journal) -> None:
        raise BedplateError("step", "fails once")

    first, second = Counter(tmp_path / "a", id="a"), Counter(tmp_path / "b", id="b", before=fails)
    with pytest.raises(BedplateError):
        _apply(tmp_path, first, second)
    second.before = _nothing
    summary, _ = _apply(tmp_path, first, second)
    assert (summary.skipped, summary.ran) == (["a"], {"b": 1})


def test_an_interrupted_step_counts_as_not_done(tmp_path: Path) -> None:
    """A killed process leaves `running` in the ledger, which does not count as `done`."""
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.begin(ledger.begin_run("1"), "count", "one")
    record = ledger.last("count")
    ledger.close()
    assert record is not None
    assert record.outcome == RUNNING
    (tmp_path / "file").touch()
    assert _apply(tmp_path, Counter(tmp_path / "file"))[0].ran == {"count": 1}


def test_the_ledger_remembers_the_release_of_the_last_good_run(tmp_path: Path) -> None:
    """A run that failed does not count; one that passed by hosts does, as all the others are at its release."""
    ledger = Ledger(tmp_path / "ledger.db")
    for release, outcome, last in (("1", DONE, "1"), ("2", FAILED, "1"), ("3", INCOMPLETE, "3")):
        ledger.end_run(ledger.begin_run(release), outcome)
        assert ledger.last_release() == last
    ledger.close()


def test_a_step_that_left_something_undone_makes_the_run_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The summary says what, also when the steps after it are done."""
    monkeypatch.setattr(Counter, "run", lambda *_: Outcome(1, left=("pod a on worker1",)))
    summary, _ = _apply(tmp_path, Counter(tmp_path / "file"))
    assert (summary.left, summary.is_complete) == (["pod a on worker1"], False)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as database:
        assert database.execute("SELECT outcome FROM runs").fetchall() == [(INCOMPLETE,)]


def test_a_run_that_passed_by_hosts_is_incomplete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The summary names them with the reasons, and the ledger says that the run is incomplete."""
    site = local_site(tmp_path, maintenance=["worker2"])
    silence(site, ["worker1"], monkeypatch)
    hosts = choose_hosts(site, None)
    hosts.contact()
    ledger = Ledger(tmp_path / "ledger.db")
    with Progress(1, Console(file=io.StringIO())) as progress:
        phases = [Phase("all", (Counter(tmp_path / "file"),))]
        summary = run_phases(phases, ledger, progress, new_log_file(tmp_path / "log"), release="1", hosts=hosts)
    ledger.close()
    assert summary.silent == ["worker1"]
    assert summary.passed_by.keys() == {"worker1", "worker2"}
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as database:
        assert database.execute("SELECT outcome FROM runs").fetchall() == [(INCOMPLETE,)]
