"""Runs the acceptance tests of a release's components with pytest, on the bastion."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bedplate.acceptance.fixtures import Fixtures
from bedplate.acceptance.recorder import Recorder
from bedplate.acceptance.result import PACKETS_OUTSIDE, Check, Run
from bedplate.apply.installation import Installation
from bedplate.core import paths

TESTS = Path("tests/acceptance")
HOSTS = "hosts"
"""Tests of the machines themselves belong to no one component: tests/acceptance/test_hosts.py."""
SETTINGS = [
    "--import-mode=importlib",
    "--capture=sys",
    "--strict-markers",
    "-p",
    "no:cacheprovider",
    "--tb=long",
    "-v",
    # Whole differences, but not -vv, with which testinfra prints every command on the terminal.
    "-o",
    "verbosity_assertions=2",
]


def run(
    installation: Installation,
    log: Path,
    on_start: Callable[[str], None] = lambda _: None,
    on_end: Callable[[Check], None] = lambda _: None,
) -> Run:
    """Run every test and return what was found; failures are in the result, not raised.

    Args:
        installation: environment and release.
        log: file for pytest's whole output.
        on_start: told the title of each check that begins.
        on_end: told each check that is done.
    """
    files = files_of(list(installation.catalog.components))
    recorder = Recorder(files, on_start, on_end)
    began, clock = datetime.now(UTC), time.monotonic()
    code = _pytest(files, [Fixtures(installation), recorder], log)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not _failed(recorder.checks):
        recorder.checks.append(_broken(code, log))
    recorder.checks += _uncounted(recorder.checks)
    site = installation.site
    return Run(
        release=installation.release_file.release,
        environment=site.environment.name,
        started=began,
        seconds=round(time.monotonic() - clock, 2),
        hosts={host.name: ", ".join(host.groups) for host in site.hosts},
        checks=recorder.checks,
    )


def files_of(components: list[str]) -> dict[Path, str]:
    """Return the test files of the hosts and of these components, first found along the trees, in this order."""
    found = {}
    for component in [HOSTS, *components]:
        name = TESTS / f"test_{component.replace('-', '_')}.py"
        candidates = (tree / name for tree in paths.search_path())
        if path := next((path for path in candidates if path.is_file()), None):
            found[path] = component
    return found


def _pytest(files: dict[Path, str], plugins: list[object], log: Path) -> int:
    log.parent.mkdir(parents=True, exist_ok=True)
    # No settings of the tree apply: they are for the tests of Bedplate's own code. Names of tests are unique
    # only below a root that all trees have in common.
    words = ["-c", os.devnull, "--rootdir=/", *SETTINGS, *(str(path) for path in files)]
    with log.open("w", encoding="utf-8") as output, contextlib.redirect_stdout(output):
        return int(pytest.main(words, plugins=plugins))


def _failed(checks: list[Check]) -> bool:
    return any(check.outcome == "failed" for check in checks)


def _uncounted(checks: list[Check]) -> list[Check]:
    """Return a failed check where none counted the packets that tried to leave: such a run proves no air gap."""
    if any(PACKETS_OUTSIDE in check.facts for check in checks):
        return []
    detail = f"no check recorded them; {TESTS}/test_{HOSTS}.py did not run to its end, or is in no tree"
    return [_failure("packets-outside", "The packets that tried to leave were counted", detail)]


def _broken(code: int, log: Path) -> Check:
    last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
    return _failure("pytest", "The acceptance run itself works", f"pytest ended with {code}:\n{last}")


def _failure(name: str, title: str, detail: str) -> Check:
    """Return a failed check of the run itself."""
    return Check(id=f"run/{name}", title=title, component="run", outcome="failed", seconds=0, detail=detail)
