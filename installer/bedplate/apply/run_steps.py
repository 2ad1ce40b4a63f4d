"""The engine's only loop: skip what is done, run the rest, record both."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bedplate.apply.ledger import DONE, FAILED, Ledger
from bedplate.apply.step import Journal, Phase, Step
from bedplate.apply.step_progress import Progress
from bedplate.core.errors import BedplateError, ErrorList

TAIL_LINES = 20


@dataclass(slots=True)
class ApplySummary:
    """What an apply did, step by step."""

    log: Path
    ran: dict[str, int] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def changed(self) -> int:
        """Return how many things were changed in all."""
        return sum(self.ran.values())

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "changed": self.changed,
            "ran": self.ran,
            "skipped": self.skipped,
            "seconds": round(self.seconds, 1),
            "log": str(self.log),
        }


def run_phases(  # noqa: PLR0913  each is one part of a run
    phases: Sequence[Phase], ledger: Ledger, progress: Progress, log: Path, *, release: str, every: bool = False
) -> ApplySummary:
    """Run the phases' steps in order.

    Args:
        phases: what is to be done.
        ledger: what was done.
        progress: tells the user.
        log: the run's log file.
        release: the version that is being installed, for the ledger.
        every: run the steps that are done, too.

    Raises:
        BedplateError: a step failed; it says the step, the last lines of its output and the log's place.
    """
    summary = ApplySummary(log)
    began = time.monotonic()
    run = ledger.begin_run(release)
    outcome = FAILED
    try:
        for phase in phases:
            progress.phase(phase.title)
            for step in phase.steps:
                _take(step, run, ledger, progress, summary, every=every)
        outcome = DONE
    finally:
        summary.seconds = time.monotonic() - began
        ledger.end_run(run, outcome)
    return summary


def _take(  # noqa: PLR0913  all of the loop's state
    step: Step, run: int, ledger: Ledger, progress: Progress, summary: ApplySummary, *, every: bool
) -> None:
    progress.begin(step.title, step.where)
    key = step.key()
    if not every and _is_done(step, key, ledger):
        ledger.skip(run, step.id, key)
        summary.skipped.append(step.id)
        progress.end("✓", "already done")
        return
    journal = Journal(summary.log, progress.say)
    journal.write(f"\n===== {time.strftime('%H:%M:%S')} {step.id}: {step.title} ({step.where})")
    ledger.begin(run, step.id, key)
    start = journal.path.stat().st_size
    try:
        with _logged(journal.path):
            done = step.run(journal)
    except (BedplateError, ErrorList) as error:
        ledger.fail(run, step.id, str(error).splitlines()[0])
        progress.end("✗", "failed")
        raise _failure(step, error, journal.path, start) from error
    except BaseException as error:
        ledger.fail(run, step.id, type(error).__name__)
        progress.end("✗", "stopped")
        raise
    ledger.end(run, step.id, done)
    summary.ran[step.id] = done.changed
    progress.end("✓", done.detail or (f"{done.changed} changed" if done.changed else "no change"))


def _is_done(step: Step, key: str, ledger: Ledger) -> bool:
    last = ledger.last(step.id)
    return last is not None and last.outcome == DONE and last.key == key and step.is_done()


def _failure(step: Step, error: BedplateError | ErrorList, log: Path, start: int) -> BedplateError | ErrorList:
    """Return the error with the last lines that the step wrote, and where the rest is."""
    if error.exit_code != 1:
        return error
    with log.open("rb") as file:
        file.seek(start)
        lines = file.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
    text = "\n".join(f"    {line}" for line in lines)
    fact = f"failed: {error}" + (f"\n  its last lines:\n{text}" if lines else "")
    return BedplateError(f"step {step.id}", fact, f"read {log}, mend the cause and run the same command again")


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    """Send everything that Bedplate's modules log to the run's log file."""
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
