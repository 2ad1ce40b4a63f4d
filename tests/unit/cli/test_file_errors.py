"""Errors of the operating system about files are plain errors with a hint."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from bedplate import cli
from bedplate.cli.file_errors import file_error
from bedplate.core.errors import BedplateError, InputError

OBJECT = "{apiVersion: v1, kind: ConfigMap, metadata: {name: one, namespace: two}}\n"


@pytest.fixture
def fail(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Return a function that runs `bedplate diff --out FILE` and returns what it says."""
    (tmp_path / "one.yaml").write_text(OBJECT)

    def run(out: Path) -> str:
        one = str(tmp_path / "one.yaml")
        monkeypatch.setattr(sys, "argv", ["bedplate", "diff", one, one, "--out", str(out)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        assert stopped.value.code == 2
        return capsys.readouterr().err

    return run


Fail = Callable[[Path], str]


def test_a_folder_that_cannot_be_made(tmp_path: Path, fail: Fail) -> None:
    """A file where the folder of --out should be is named, and the next step is given."""
    (tmp_path / "file").touch()
    assert fail(tmp_path / "file/under/out") == (
        f"error: file {tmp_path}/file/under cannot be used: Not a directory\n"
        "  hint: a part of the path is a file, not a folder: give another path\n"
    )


def test_a_read_only_folder(tmp_path: Path, fail: Fail, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the file that was typed, not the temporary file next to it."""

    def refuse(**names: object) -> NoReturn:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), f"{names['dir']}/{names['prefix']}x")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    assert f"error: file {tmp_path}/out cannot be used: Read-only file system\n  hint: " in fail(tmp_path / "out")


@pytest.mark.parametrize(
    ("number", "words", "kind"),
    [
        (errno.EACCES, ["--out", "/a/b"], InputError),
        (errno.EACCES, ["--out=/a/b/c"], InputError),
        (errno.EACCES, ["--out", "/c"], BedplateError),
        (errno.ENOSPC, ["--out", "/a/b"], BedplateError),
    ],
)
def test_only_a_path_that_was_typed_is_invalid_input(number: int, words: list[str], kind: type[BedplateError]) -> None:
    """Other paths, and a disk that became full, are failures: something may have changed."""
    error = file_error(OSError(number, os.strerror(number), "/a/b"), words)
    assert type(error) is kind


@pytest.mark.parametrize("error", [ValueError("x"), OSError(errno.EPIPE, "x", "/a"), OSError(errno.EACCES, "x")])
def test_other_errors_stay_unexpected(error: Exception) -> None:
    """An error that is not about a file is a fault of Bedplate."""
    assert file_error(error, []) is None
