"""Temporary folders: what a killed process left is removed, and what another process uses is not."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from bedplate.core.scratch_folder import PREFIX, scratch_folder

HOLD = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from bedplate.core.scratch_folder import scratch_folder
with scratch_folder() as folder:
    (folder / "playbook").write_text("content")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def _hold(folder: Path) -> tuple[subprocess.Popen[str], Path]:
    """Start a process that uses a scratch folder, and return both."""
    words = [sys.executable, "-c", HOLD, str(folder)]
    environment = {"PYTHONPATH": ":".join(sys.path)}
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_a_folder_is_removed_at_the_end(tmp_path: Path) -> None:
    """Only this user can enter it, and nothing is left, also after an error."""
    assert _fails_in_a_folder() == 0o700
    assert list(tmp_path.iterdir()) == []


def _fails_in_a_folder() -> int:
    """Return the mode of a folder in whose use an error was raised."""
    mode = 0
    with suppress(ValueError), scratch_folder() as folder:
        mode = folder.stat().st_mode & 0o777
        (folder / "file").write_text("content")
        raise ValueError
    return mode


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """The next process that needs a folder removes it, but none that is in use, and nothing else."""
    killed, left = _hold(tmp_path)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert (left / "playbook").exists()
    running, used = _hold(tmp_path)
    assert not left.exists()
    other, link = tmp_path / "bedplate-other", tmp_path / f"{PREFIX}link"
    other.mkdir()
    link.symlink_to(other)
    with scratch_folder():
        assert (used / "playbook").exists()
        assert other.exists()
    running.communicate("")
    assert running.returncode == 0
    assert not used.exists()
