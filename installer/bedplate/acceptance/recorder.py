"""A pytest plugin that records each test as a check of the acceptance run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bedplate.acceptance.acceptance_result import AcceptanceCheck, Verdict

DETAIL_LINES = 30
PREFIX = "test_"
LAST = "last"


@dataclass(slots=True)
class Recorder:
    """Collects checks while pytest runs.

    Attributes:
        components: test file to its component's name.
        on_start: is called with the title of each check that begins.
        on_end: is called with each check that ended.
        checks: what was recorded.
        titles: pytest's id of a test to its title.
        reports: pytest's id of a running test to the reports of its phases.
    """

    components: dict[Path, str]
    on_start: Callable[[str], None]
    on_end: Callable[[AcceptanceCheck], None]
    checks: list[AcceptanceCheck] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    reports: dict[str, list[pytest.TestReport]] = field(default_factory=dict)

    def pytest_configure(self, config: pytest.Config) -> None:
        """Declare the marker of acceptance tests."""
        config.addinivalue_line("markers", f"{LAST}: runs after all others, whose work it judges")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note every test's title, the first line of its docstring; put tests marked `last` at the end."""
        items.sort(key=lambda item: item.get_closest_marker(LAST) is not None)
        for item in items:
            self.titles[item.nodeid] = _title(item)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record a file that cannot be read as a failed check."""
        if report.failed:
            path = Path("/", report.nodeid)
            name = self.components.get(path, path.stem.removeprefix(PREFIX).replace("_", "-"))
            self._add(
                AcceptanceCheck(
                    id=f"{name}/read",
                    title="The test file can be read",
                    component=name,
                    outcome="failed",
                    seconds=0,
                    detail=_short(str(report.longrepr)),
                )
            )

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Report the title of the test that begins."""
        self.on_start(self.titles.get(nodeid, nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the report of a test's phase; after the last phase, record the check."""
        self.reports.setdefault(report.nodeid, []).append(report)
        if report.when == "teardown":
            self._add(self._check(report.nodeid, self.reports.pop(report.nodeid)))

    def _check(self, nodeid: str, reports: list[pytest.TestReport]) -> AcceptanceCheck:
        component = self._component(reports[0])
        failure = next((report for report in reports if report.failed), None)
        skipped = next((report for report in reports if report.skipped), None)
        outcome: Verdict = "failed" if failure else "skipped" if skipped else "passed"
        name = nodeid.rpartition("::")[2].removeprefix(PREFIX)
        return AcceptanceCheck(
            id=f"{component}/{name}",
            title=self.titles.get(nodeid, name),
            component=component,
            outcome=outcome,
            seconds=round(sum(report.duration for report in reports), 3),
            detail=_short(str(failure.longrepr)) if failure else _skip(skipped) if skipped else "",
            facts=dict(reports[-1].user_properties),
        )

    def _component(self, report: pytest.TestReport) -> str:
        # pytest's paths are relative to its root, which is the root of the file system.
        path = Path("/", report.location[0])
        return self.components.get(path, path.name)

    def _add(self, check: AcceptanceCheck) -> None:
        self.checks.append(check)
        self.on_end(check)


def _title(item: pytest.Item) -> str:
    text = (getattr(item, "obj", None).__doc__ or "").strip().splitlines()
    title = text[0].rstrip(".") if text else item.name.removeprefix(PREFIX).replace("_", " ")
    _, bracket, parameter = item.name.partition("[")
    return f"{title} ({parameter.removesuffix(']')})" if bracket else title


def _skip(report: pytest.TestReport) -> str:
    reason: Any = report.longrepr
    return str(reason[2]).removeprefix("Skipped: ") if isinstance(reason, tuple) else str(reason)


def _short(text: str) -> str:
    lines = text.strip().splitlines()
    more = len(lines) - DETAIL_LINES
    return "\n".join([*lines[:DETAIL_LINES], *([f"({more} more lines)"] if more > 0 else [])])
