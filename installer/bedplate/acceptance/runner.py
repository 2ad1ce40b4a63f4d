"""Running the acceptance tests of hosts and components with pytest, on the bastion."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import closing, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bedplate.acceptance.acceptance_result import PACKETS_OUTSIDE, AcceptanceCheck, AcceptanceRun
from bedplate.acceptance.failure_text import Redactor
from bedplate.acceptance.fixtures import Fixtures
from bedplate.acceptance.host_selection import select_hosts
from bedplate.acceptance.recorder import Recorder
from bedplate.acceptance.safe_reports import SafeReports, SafeStream
from bedplate.apply.installation import Installation
from bedplate.core import paths

HOSTS = "hosts"
HOST_TESTS = Path("roles")
"""Folder of the tests of hosts, which belong to no component; they lie next to the roles that configure hosts."""
PATTERN = "test_*.py"
SETTINGS = [
    "--import-mode=importlib",
    "--capture=sys",
    "--strict-markers",
    # Without rewriting, an assertion's message is its test's own: a rewritten one prints the compared objects.
    "--assert=plain",
    *(word for name in ("cacheprovider", "logging", "warnings") for word in ("-p", f"no:{name}")),
    "-v",
    "-rN",
]


def run_acceptance(
    installation: Installation,
    log: Path,
    *,
    run_id: str,
    on_start: Callable[[str], None] = lambda _: None,
    on_end: Callable[[AcceptanceCheck], None] = lambda _: None,
) -> AcceptanceRun:
    """Run every acceptance test. Failures are in the result; they are not raised.

    Args:
        installation: environment and release.
        log: file for pytest's whole output, without secrets.
        run_id: is in the names of all that the tests create.
        on_start: is called with the title of each check that begins.
        on_end: is called with each check that ended.

    Returns:
        The run and its checks.
    """
    site, files = installation.site, find_tests(installation.catalog.components)
    redactor, selection = Redactor(), select_hosts(site)
    redactor.learn_files(site.state / "secrets")
    recorder = Recorder(files, on_start, on_end)
    began, clock = datetime.now(UTC), time.monotonic()
    plugins = [SafeReports(files, redactor), Fixtures(installation, run_id, selection, redactor), recorder]
    code = run_pytest(files, plugins, log, redactor)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not _failed(recorder.checks):
        recorder.checks.append(_not_run(code, log))
    recorder.checks += _check_counted(recorder.checks)
    return AcceptanceRun(
        release=installation.release_file.release,
        environment=site.environment.name,
        started=began,
        seconds=round(time.monotonic() - clock, 2),
        hosts={host.name: ", ".join(host.groups) for host in site.hosts},
        checks=recorder.checks,
        not_tested=selection.not_tested,
    )


def find_tests(components: Iterable[str]) -> dict[Path, str]:
    """Find the test files of the hosts and those of each component.

    Args:
        components: names of the release's components.

    Returns:
        Each file to its component's name; the hosts' files come first. A component's files are those of its folder in
        the first tree that has it.
    """
    folders = {HOST_TESTS: HOSTS} | {component_folder(component): component for component in components}
    return {file: component for folder, component in folders.items() for file in _tests_in(folder)}


def component_folder(component: str) -> Path:
    """Return the path, in a tree, of a component's folder, where its acceptance tests are."""
    return Path("manifests") / component


def _tests_in(folder: Path) -> list[Path]:
    every = (sorted((tree / folder).glob(PATTERN)) for tree in paths.search_path())
    return next(filter(None, every), [])


def run_pytest(files: dict[Path, str], plugins: list[object], log: Path, redactor: Redactor) -> int:
    """Run test files with pytest and return its exit code; what it prints goes to a log, without secrets."""
    log.parent.mkdir(parents=True, exist_ok=True)
    # The settings of a tree are for the tests of Bedplate's own code. Tests of all trees have unique names only below
    # a common root.
    words = ["-c", os.devnull, "--rootdir=/", *SETTINGS, *(str(path) for path in files)]
    with (
        log.open("w", encoding="utf-8") as output,
        closing(SafeStream(output, redactor)) as safe,
        redirect_stdout(safe),
    ):
        return int(pytest.main(words, plugins=plugins))


def _failed(checks: list[AcceptanceCheck]) -> bool:
    return any(check.outcome == "failed" for check in checks)


def _check_counted(checks: list[AcceptanceCheck]) -> list[AcceptanceCheck]:
    """Return a failed check if no test counted packets that tried to leave: such a run proves no air gap."""
    if any(PACKETS_OUTSIDE in check.facts for check in checks):
        return []
    detail = f"no check recorded them: {HOST_TESTS}/{PATTERN} were not found, or did not run to their end"
    return [_failure("packets-outside", "Packets that tried to leave were counted", detail)]


def _not_run(code: int, log: Path) -> AcceptanceCheck:
    last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
    return _failure("pytest", "All acceptance tests ran", f"pytest ended with {code}:\n{last}")


def _failure(name: str, title: str, detail: str) -> AcceptanceCheck:
    """Return a failed check of the run itself."""
    return AcceptanceCheck(id=f"run/{name}", title=title, component="run", outcome="failed", seconds=0, detail=detail)
