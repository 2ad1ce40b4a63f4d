"""What people see while steps run: on a terminal, and in a log without one."""

from __future__ import annotations

import io
import re
import time

import pytest
from rich.console import Console

from bedplate.apply.step_progress import Progress, elapsed

CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def _shown(*, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what two steps show; the second one reports after 4 and after 20 seconds."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    out = io.StringIO()
    with Progress(12, Console(file=out, width=100, force_terminal=terminal)) as progress:
        progress.phase("Hosts")
        progress.begin("Write", "cp1, worker1")
        now[0] += 4.24
        progress.end("✓", "2 changed")
        progress.begin("Join", "")
        for seconds, text in ((4, "first task"), (16, "second task"), (2, "third task")):
            now[0] += seconds
            progress.say(text)
        if terminal:
            assert progress.running().plain == "[2/12] Join 22.0 s: third task"
        now[0] += 70
        progress.end("✗", "failed")
    return CODES.sub("", out.getvalue())


def test_a_log_gets_a_line_for_each_step_and_few_for_what_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step has one line at its end; what it reports in between is shown every ten seconds at most."""
    assert _shown(terminal=False, monkeypatch=monkeypatch).splitlines() == [
        "Hosts",
        "  ✓ [ 1/12] Write (cp1, worker1) 2 changed, 4.2 s",
        "  … [ 2/12] Join second task (20.0 s)",
        "  ✗ [ 2/12] Join failed, 1 min 32 s",
    ]


def test_a_terminal_has_a_live_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line of the running step is replaced by that of its end; what it reports is not kept."""
    shown = _shown(terminal=True, monkeypatch=monkeypatch)
    assert "  ✓ [ 1/12] Write (cp1, worker1) 2 changed, 4.2 s" in shown
    assert "  ✗ [ 2/12] Join failed, 1 min 32 s" in shown
    assert "… [ 2/12]" not in shown


def test_the_live_line_says_what_the_step_does_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that begins has not said anything yet."""
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    progress = Progress(3, Console(file=io.StringIO()))
    for title in ("One", "Two"):
        progress.begin(title, "cp1")
        assert progress.running().plain.endswith(f"{title} (cp1) 0.0 s")
        progress.say("a task")
        assert progress.running().plain.endswith("0.0 s: a task")
    assert progress.running().plain.startswith("[2/3]")


@pytest.mark.parametrize(("seconds", "text"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (61, "1 min 01 s")])
def test_durations_are_written_for_people(seconds: float, text: str) -> None:
    """Minutes appear from one minute on."""
    assert elapsed(seconds) == text
