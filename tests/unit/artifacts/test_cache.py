from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from bedplate.artifacts.cache import Cache
from bedplate.config.release_lock import Output


@pytest.fixture(name="cache")
def _cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_blob_is_found_by_its_digest(cache: Cache) -> None:
    """What is added has its sha256 as its name, and is there once."""
    output = cache.add_bytes(b"content")
    assert output == Output(sha256=hashlib.sha256(b"content").hexdigest(), size=7)
    assert cache.blob(output.sha256).read_bytes() == b"content"
    assert cache.add_bytes(b"content") == output


@pytest.mark.parametrize("move", [False, True])
def test_file_is_copied_or_moved(cache: Cache, tmp_path: Path, *, move: bool) -> None:
    """The file that is added stays unless it is to be moved, also when its content was known."""
    for _ in range(2):
        (tmp_path / "file").write_bytes(b"content")
        assert cache.has(cache.add(tmp_path / "file", move=move).sha256)
        assert (tmp_path / "file").exists() is not move


def test_recipe_is_recalled_while_its_blob_is_whole(cache: Cache) -> None:
    """A recipe whose blob was deleted or cut short counts as never made."""
    output = cache.add_bytes(b"content")
    assert cache.recall("r") is None
    cache.remember("r", output)
    assert cache.recall("r") == output
    blob = cache.blob(output.sha256)
    blob.chmod(0o644)
    blob.write_bytes(b"con")
    assert cache.recall("r") is None
    blob.unlink()
    assert cache.recall("r") is None


def test_scratch_is_gone_afterwards(cache: Cache) -> None:
    """A scratch folder is removed with everything in it."""
    with cache.scratch() as folder:
        (folder / "sub").mkdir()
    assert not folder.exists()


def test_what_a_killed_process_left_is_removed(cache: Cache) -> None:
    """A scratch folder of yesterday is removed; one of today may be in use."""
    old, new = cache.folder("scratch", "old"), cache.folder("scratch", "new")
    os.utime(old, (0, 0))
    with cache.scratch():
        assert not old.exists()
        assert new.exists()
