"""Running the acceptance tests of hosts and components with pytest, on the bastion."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bedplate.acceptance.acceptance_result import PACKETS_OUTSIDE, AcceptanceCheck, AcceptanceRun
from bedplate.acceptance.fixtures import Fixtures
from bedplate.acceptance.recorder import Recorder
from bedplate.apply.installation import Installation
from bedplate.core import paths

HOSTS = "hosts"
HOST_TESTS = Path("roles/test_hosts.py")
"""Tests of the hosts belong to no component; they lie next to the roles that configure hosts."""
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


def run_acceptance(
    installation: Installation,
    log: Path,
    on_start: Callable[[str], None] = lambda _: None,
    on_end: Callable[[AcceptanceCheck], None] = lambda _: None,
) -> AcceptanceRun:
    """Run every acceptance test. Failures are in the result; they are not raised.

    Args:
        installation: environment and release.
        log: file for pytest's whole output.
        on_start: is called with the title of each check that begins.
        on_end: is called with each check that ended.

    Returns:
        The run and its checks.
    """
    files = find_tests(installation.catalog.components)
    recorder = Recorder(files, on_start, on_end)
    began, clock = datetime.now(UTC), time.monotonic()
    code = _pytest(files, [Fixtures(installation), recorder], log)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not _failed(recorder.checks):
        recorder.checks.append(_not_run(code, log))
    recorder.checks += _check_counted(recorder.checks)
    site = installation.site
    return AcceptanceRun(
        release=installation.release_file.release,
        environment=site.environment.name,
        started=began,
        seconds=round(time.monotonic() - clock, 2),
        hosts={host.name: ", ".join(host.groups) for host in site.hosts},
        checks=recorder.checks,
    )


def find_tests(components: Iterable[str]) -> dict[Path, str]:
    """Find the test file of the hosts and that of each component.

    Args:
        components: names of the release's components.

    Returns:
        Each file that exists, first found along the trees, to its component's name; the hosts' file comes first.
    """
    names = {HOST_TESTS: HOSTS} | {component_tests(component): component for component in components}
    return {
        file: component
        for name, component in names.items()
        if (file := next((tree / name for tree in paths.search_path() if (tree / name).is_file()), None))
    }


def component_tests(component: str) -> Path:
    """Return the path, in a tree, of a component's acceptance tests."""
    return Path("manifests") / component / f"test_{component.replace('-', '_')}.py"


def _pytest(files: dict[Path, str], plugins: list[object], log: Path) -> int:
    log.parent.mkdir(parents=True, exist_ok=True)
    # The settings of a tree are for the tests of Bedplate's own code. Tests of all trees have unique names only below
    # a common root.
    words = ["-c", os.devnull, "--rootdir=/", *SETTINGS, *(str(path) for path in files)]
    with log.open("w", encoding="utf-8") as output, contextlib.redirect_stdout(output):
        return int(pytest.main(words, plugins=plugins))


def _failed(checks: list[AcceptanceCheck]) -> bool:
    return any(check.outcome == "failed" for check in checks)


def _check_counted(checks: list[AcceptanceCheck]) -> list[AcceptanceCheck]:
    """Return a failed check if no test counted packets that tried to leave: such a run proves no air gap."""
    if any(PACKETS_OUTSIDE in check.facts for check in checks):
        return []
    detail = f"no check recorded them: {HOST_TESTS} was not found, or did not run to its end"
    return [_failure("packets-outside", "Packets that tried to leave were counted", detail)]


def _not_run(code: int, log: Path) -> AcceptanceCheck:
    last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
    return _failure("pytest", "All acceptance tests ran", f"pytest ended with {code}:\n{last}")


def _failure(name: str, title: str, detail: str) -> AcceptanceCheck:
    """Return a failed check of the run itself."""
    return AcceptanceCheck(id=f"run/{name}", title=title, component="run", outcome="failed", seconds=0, detail=detail)
