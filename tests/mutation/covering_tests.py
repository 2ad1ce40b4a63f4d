"""Which tests run which lines: recorded once without a mutant, so that a mutant meets only the tests that run its line.

A mutant that survives these tests might be noticed by others, never the other way round: the share of survivors is an
upper bound.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
import threading
from collections import defaultdict
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from mutation.mutant import Mutant

IMPORT = "import"
"""Who runs the lines of modules and classes: every test depends on them."""


@dataclass(slots=True)
class Coverage:
    """Which tests run which lines.

    Attributes:
        seconds: how long each test takes, by its pytest id, in the order of their run.
        fixtures: the fixtures that each test uses.
        lines: who runs a line, by "FILE:NUMBER": tests, fixtures that several tests share, or IMPORT.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    fixtures: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)

    def of(self, mutant: Mutant, text: str, unseen: Sequence[str] = ()) -> list[str]:
        """Return the tests that run the statement that a mutant changes, the quickest file first.

        Args:
            mutant: a change of Python code.
            text: the file without it.
            unseen: files of tests that run code in processes of their own: they are always chosen.
        """
        first, last = statement_lines(text, mutant.line)
        found = {who for line in range(first, last + 1) for who in self.lines.get(f"{mutant.path}:{line}", ())}
        always = tuple(f"{file}::" for file in unseen)
        tests = [one for one in self.seconds if one.startswith(always) or self._runs(one, found)]
        files: dict[str, float] = defaultdict(float)
        for one in tests:
            files[one.partition("::")[0]] += self.seconds[one]
        return sorted(tests, key=lambda one: files[one.partition("::")[0]])

    def _runs(self, test: str, found: set[str]) -> bool:
        return not found.isdisjoint([IMPORT, test, *self.fixtures[test]])


def statement_lines(text: str, line: int) -> tuple[int, int]:
    """Return the first and the last line of the statement at a line; of `if` and the like: of all before its body."""
    first, last = line, line
    for node in ast.walk(ast.parse(text)):  # inner statements come after those that hold them
        if isinstance(node, ast.stmt) and node.lineno <= line:
            body = getattr(node, "body", None)
            end = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno
            first, last = (node.lineno, end) if line <= end else (first, last)
    return first, last


class Recorder:
    """A pytest plugin that records a Coverage."""

    def __init__(self, root: Path, files: Iterable[str]) -> None:
        """Set what is recorded.

        Args:
            root: the tree.
            files: its files whose lines are recorded, relative to it.
        """
        self._files = {str(root / file): file for file in files}
        self._lines: dict[str, set[str]] = defaultdict(set)
        self._now = IMPORT
        self.coverage = Coverage()

    def write(self, file: Path) -> None:
        """Write what was recorded."""
        lines = {line: sorted(who) for line, who in self._lines.items()}
        found = self.coverage
        file.write_text(json.dumps({"seconds": found.seconds, "fixtures": found.fixtures, "lines": lines}))

    def begin(self) -> None:
        """Record from now on, in all threads."""
        threading.settrace(self._on_call)
        sys.settrace(self._on_call)

    def _on_call(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        file = self._files.get(frame.f_code.co_filename)
        if file is None:
            return None
        if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            return lambda frame, *_: self._lines[f"{file}:{frame.f_lineno}"].add(IMPORT)
        self._lines[f"{file}:{frame.f_lineno}"].add(self._now)

        def on_line(frame: FrameType, event: str, _argument: Any) -> Any:
            if event == "line":
                self._lines[f"{file}:{frame.f_lineno}"].add(self._now)
            return on_line

        return on_line

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Record what a test runs."""
        self._now = item.nodeid
        self.coverage.fixtures[item.nodeid] = [*getattr(item, "fixturenames", [])]
        self.coverage.seconds[item.nodeid] = 0.0
        try:
            return (yield)
        finally:
            self._now = IMPORT

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Record what a fixture runs that several tests may share."""
        before = self._now
        if fixturedef.scope != "function":
            self._now = fixturedef.argname
        try:
            return (yield)
        finally:
            self._now = before

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record how long a test takes."""
        self.coverage.seconds[report.nodeid] += report.duration


class Chosen:
    """A pytest plugin that runs only some tests, in a given order."""

    def __init__(self, tests: Sequence[str]) -> None:
        """Set which."""
        self._place = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the others out."""
        chosen = [one for one in items if one.nodeid in self._place]
        items[:] = sorted(chosen, key=lambda one: self._place[one.nodeid])
