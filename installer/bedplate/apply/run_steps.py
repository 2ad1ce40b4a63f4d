"""Running the steps of an apply: skip those that are done, run the others, record both."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bedplate.apply.ledger import DONE, FAILED, INCOMPLETE, Ledger
from bedplate.apply.run_hosts import RunHosts
from bedplate.apply.step import Journal, Phase, Step
from bedplate.apply.step_progress import Progress
from bedplate.core.errors import BedplateError, ErrorList

TAIL_LINES = 20


@dataclass(slots=True)
class ApplySummary:
    """What an apply did.

    Attributes:
        log: the run's log file.
        ran: step to the number of its changes.
        skipped: steps that were done already.
        passed_by: why hosts were not configured, by name.
        silent: those of them that should have been configured; then the run is incomplete.
        seconds: how long it took.
        left: what steps had to leave undone, for people; then the run is incomplete, too.
    """

    log: Path
    ran: dict[str, int] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    passed_by: dict[str, str] = field(default_factory=dict)
    silent: list[str] = field(default_factory=list)
    seconds: float = 0.0
    left: list[str] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """Return the number of changes of all steps."""
        return sum(self.ran.values())

    @property
    def is_complete(self) -> bool:
        """Return whether nothing is left to do for a later run."""
        return not self.silent and not self.left

    def as_json(self) -> dict[str, Any]:
        """Return the summary as JSON values."""
        return {
            "changed": self.changed,
            "ran": self.ran,
            "skipped": self.skipped,
            "passed_by": self.passed_by,
            "silent": self.silent,
            "left": self.left,
            "seconds": round(self.seconds, 1),
            "log": str(self.log),
        }


def run_phases(  # noqa: PLR0913  each is one part of a run
    phases: Sequence[Phase],
    ledger: Ledger,
    progress: Progress,
    log: Path,
    *,
    release: str,
    every: bool = False,
    hosts: RunHosts | None = None,
    wait_for_nodes: Callable[[], list[str]] = list,
) -> ApplySummary:
    """Run the phases' steps in order.

    Args:
        phases: the steps to run, by phase.
        ledger: records each run of a step.
        progress: shows the user what runs.
        log: the run's log file.
        release: the version that is being installed, for the ledger.
        every: run the steps that are done, too.
        hosts: the hosts of the run; None where its steps concern only the cluster.
        wait_for_nodes: waits for the run's nodes after the last step, and says which are not Ready, and why.

    Returns:
        What ran and what was skipped.

    Raises:
        BedplateError: a step failed; it names the step, the log file and the last lines of the step's output.
    """
    summary = ApplySummary(log)
    began = time.monotonic()
    run = ledger.begin_run(release)
    if hosts:
        hosts.release = release
    outcome = FAILED
    try:
        for phase in phases:
            progress.phase(phase.title)
            for step in phase.steps:
                _run_step(step, run, ledger, progress, summary, every=every)
        if hosts:
            hosts.end_run()
            summary.passed_by, summary.silent = hosts.reasons, hosts.silent
        summary.left += wait_for_nodes()
        outcome = DONE if summary.is_complete and not (hosts and hosts.left_over()) else INCOMPLETE
    finally:
        summary.seconds = time.monotonic() - began
        ledger.end_run(run, outcome)
    return summary


def _run_step(  # noqa: PLR0913  all of the loop's state
    step: Step, run: int, ledger: Ledger, progress: Progress, summary: ApplySummary, *, every: bool
) -> None:
    progress.begin(step.title, step.where)
    journal = Journal(summary.log, progress.say)
    start = journal.path.stat().st_size
    try:
        with _logging_to(journal.path):
            key = step.key()
            if not every and _is_done(step, key, ledger):
                ledger.skip(run, step.id, key)
                summary.skipped.append(step.id)
                progress.end("✓", "already done")
                return
            journal.write(f"\n===== {time.strftime('%H:%M:%S')} {step.id}: {step.title} ({step.where})")
            ledger.begin(run, step.id, key)
            result = step.run(journal)
    except (BedplateError, ErrorList) as error:
        ledger.fail(run, step.id, str(error).splitlines()[0])
        progress.end("✗", "failed")
        raise _failure(step, error, journal.path, start) from error
    except BaseException as error:
        ledger.fail(run, step.id, type(error).__name__)
        progress.end("✗", "stopped")
        raise
    ledger.end(run, step.id, result)
    summary.ran[step.id] = result.changed
    summary.left += result.left
    progress.end("✓", result.detail or (f"{result.changed} changed" if result.changed else "no change"))


def _is_done(step: Step, key: str, ledger: Ledger) -> bool:
    last = ledger.last(step.id)
    return last is not None and last.outcome == DONE and last.key == key and step.is_done()


def _failure(step: Step, error: BedplateError | ErrorList, log: Path, start: int) -> BedplateError | ErrorList:
    """Return the error with the last lines of the step's output and the path of the log file.

    Bad input stays as it is, but is a failure (1) by now: exit code 2 promises that nothing was changed.
    """
    if isinstance(error, ErrorList):
        return ErrorList([_as_failure(one) for one in error.errors])
    if error.exit_code != 1:
        return _as_failure(error)
    with log.open("rb") as file:
        file.seek(start)
        lines = file.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
    text = "\n".join(f"    {line}" for line in lines)
    fact = f"failed: {error}" + (f"\n  last lines of its output:\n{text}" if lines else "")
    return BedplateError(f"step {step.id}", fact, f"read {log}, fix the cause and run the same command again")


def _as_failure(error: BedplateError) -> BedplateError:
    return BedplateError(error.subject, error.fact, error.hint, error.location)


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """Write what Bedplate's modules log to the run's log file."""
    logger = logging.getLogger("bedplate")
    handler = logging.FileHandler(path, encoding="utf-8", errors="replace")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = logging.getLogger().isEnabledFor(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate
        handler.close()
