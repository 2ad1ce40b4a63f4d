"""Atomic file writes, and links to blobs."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest

from bedplate.core import files
from bedplate.core.errors import BedplateError
from bedplate.core.files import write_atomic


def test_a_file_is_written_with_its_content_and_mode(tmp_path: Path) -> None:
    """A file gets its content and mode, and no temporary file is left next to it."""
    write_atomic(tmp_path / "a" / "file", "new\n", mode=0o600)
    assert (tmp_path / "a" / "file").read_text() == "new\n"
    assert stat.S_IMODE((tmp_path / "a" / "file").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["file"]


def test_the_old_content_stays_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails leaves the old file, and no temporary file."""
    path = tmp_path / "file"
    path.write_text("old\n")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomic(path, "new\n")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old\n"]


def test_a_pipe_or_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """`--out /dev/null`, run as root, leaves the device in place."""
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_atomic(pipe, "content")
    reader.join(timeout=10)
    assert read == [b"content"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_blob_is_linked_or_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If no hard link is possible, a copy is made with the same content and time; a corrupted blob is refused."""
    blob, path = tmp_path / "blob", tmp_path / "folder/file"
    blob.write_bytes(b"content")
    sha256 = hashlib.sha256(b"content").hexdigest()
    files.link_blob(blob, path, sha256)
    assert path.samefile(blob)

    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "another file system")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    files.link_blob(blob, path, sha256)
    assert not path.samefile(blob)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (b"content", blob.stat().st_mtime_ns)
    blob.write_bytes(b"changed")
    with pytest.raises(BedplateError, match="does not match its digest"):
        files.link_blob(blob, path, sha256)
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
    assert path.read_bytes() == b"content"
