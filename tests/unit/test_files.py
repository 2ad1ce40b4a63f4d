"""Atomic writes."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from bedplate.files import write_atomic


def test_the_new_content_stands_whole_with_its_mode(tmp_path: Path) -> None:
    """A file gets its content and mode, and nothing else is left beside it."""
    write_atomic(tmp_path / "a" / "file", "new\n", mode=0o600)
    assert (tmp_path / "a" / "file").read_text() == "new\n"
    assert stat.S_IMODE((tmp_path / "a" / "file").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["file"]


def test_the_old_content_stays_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that breaks off leaves the old file and no temporary one."""
    path = tmp_path / "file"
    path.write_text("old\n")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomic(path, "new\n")
    assert [one.read_text() for one in tmp_path.iterdir()] == ["old\n"]


def test_a_pipe_or_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """`--out /dev/null` as root must leave a device there."""
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_atomic(pipe, "content")
    reader.join(timeout=10)
    assert read == [b"content"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
