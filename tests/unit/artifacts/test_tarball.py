from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from bedplate.artifacts.tarball import TarEntry, folder_entries, write_tar

EPOCH = 1793491200


def _tar(entries: list[TarEntry]) -> bytes:
    out = io.BytesIO()
    write_tar(entries, out, EPOCH)
    return out.getvalue()


def _tree(root: Path, names: list[str], time: int) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        os.utime(path, (time, time))
    (root / "program").write_text("#!")
    (root / "program").chmod(0o700)
    (root / "link").symlink_to("program")
    return root


def test_one_content_gives_one_tar(tmp_path: Path) -> None:
    """Neither the order nor the times in which files were made show in a tar."""
    names = ["b/one", "a", "b.txt", "b/a"]
    first = _tar(list(folder_entries(_tree(tmp_path / "x", names, 1_000_000_000))))
    second = _tar(list(folder_entries(_tree(tmp_path / "y", names[::-1], 1_500_000_000)))[::-1])
    assert first == second


def test_folder_becomes_roots(tmp_path: Path) -> None:
    """A folder's content is root's, with modes that tell programs from other files, and links kept."""
    data = io.BytesIO(_tar(list(folder_entries(_tree(tmp_path, ["b/one"], 1)))))
    with tarfile.open(fileobj=data) as tar:
        found = {m.name: (m.mode, m.uid, m.mtime, m.linkname) for m in tar}
    assert found == {
        "b": (0o755, 0, EPOCH, ""),
        "b/one": (0o644, 0, EPOCH, ""),
        "link": (0o777, 0, EPOCH, "program"),
        "program": (0o755, 0, EPOCH, ""),
    }


def test_a_duplicate_name_is_refused() -> None:
    """Two members of one name would leave it to the reader which one counts."""
    with pytest.raises(ValueError, match="duplicate in a tar: a"):
        _tar([TarEntry("a"), TarEntry("a", content=b"other")])
