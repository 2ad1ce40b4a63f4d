"""A pytest plugin that keeps the values of tests out of reports, log and terminal."""

from __future__ import annotations

import io
from collections.abc import Collection, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pytest

from bedplate.acceptance.failure_text import Redactor, explain


@dataclass(frozen=True, slots=True)
class SafeReports:
    """Replaces each failure's text before anything prints or records it.

    Attributes:
        files: the test files.
        redactor: knows the environment's secrets.
    """

    files: Collection[Path]
    redactor: Redactor

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Reduce a failure to what the report may say; drop what the test and its libraries printed."""
        report = yield
        report.sections.clear()
        if report.failed and call.excinfo:
            report.longrepr = self.redactor.clean(explain(call.excinfo.value, self.files))
        elif report.skipped and isinstance(report.longrepr, tuple):
            path, line, reason = report.longrepr
            report.longrepr = (path, line, self.redactor.clean(reason))
        report.user_properties = [(name, self._clean(value)) for name, value in report.user_properties]
        return report

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Remove secrets from the error of a file that cannot be read."""
        report = yield
        report.sections.clear()
        if report.failed:
            report.longrepr = self.redactor.clean(str(report.longrepr))
        return report

    def _clean(self, value: object) -> object:
        match value:
            case str():
                return self.redactor.clean(value)
            case list() | tuple():
                return [self._clean(item) for item in value]
            case dict():
                return {key: self._clean(item) for key, item in value.items()}
            case _:
                return value


class SafeStream(io.TextIOBase):
    """A text stream that removes secrets from each line before it writes it."""

    def __init__(self, stream: TextIO, redactor: Redactor) -> None:
        """Write to a stream."""
        self._stream, self._redactor, self._rest = stream, redactor, ""

    def writable(self) -> bool:
        """Return that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Write all complete lines; keep the rest."""
        lines = (self._rest + text).splitlines(keepends=True)
        self._rest = lines.pop() if lines and not lines[-1].endswith("\n") else ""
        self._stream.write(self._redactor.clean("".join(lines)))
        self._stream.flush()
        return len(text)

    def close(self) -> None:
        """Write what is left; the stream itself stays open."""
        self._stream.write(self._redactor.clean(self._rest))
        self._rest = ""
        super().close()
