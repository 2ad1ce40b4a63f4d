"""Building from binary caches on an empty machine: the same bundle as from source, and wrong content is refused."""

from __future__ import annotations

import json
import shutil
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bedplate import cli
from bedplate.artifacts.file.file_source import FileSource
from bedplate.artifacts.image.image_source import ImageSource
from bedplate.bundle import publisher_signature
from factories import least_release
from factories.least_release import VERSION
from factories.own_cache import served


def _bedplate(*words: str | Path) -> Result:
    done = CliRunner().invoke(cli.build([str(words[0])]), [*map(str, words)])
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    return done


def _never(*_: object) -> None:
    raise AssertionError("was built, though a cache has it")


def _one_wrong_byte(_: BaseHTTPRequestHandler, data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


@pytest.mark.slow
def test_a_wrong_cache_is_refused_and_the_next_one_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a cache, nothing is built, and the bundle's digest is that of a build from source."""
    least_release.make(tmp_path / "tree", tmp_path / "cache", monkeypatch)
    key, folder = tmp_path / "key", tmp_path / "www"
    publisher_signature.new_key(key)
    words: list[str | Path] = ["bundle", "build", VERSION, "--key", key, "--output", "json"]
    from_source = json.loads(_bedplate(*words, "--out", tmp_path / "one", "--record").stdout)
    _bedplate("bundle", "publish", VERSION, folder, "--key", key)
    shutil.rmtree(tmp_path / "cache")
    for kind in (FileSource, ImageSource):
        monkeypatch.setattr(kind, "build", _never)
    with served(folder, _one_wrong_byte) as (liar, requested), served(folder) as (honest, _):
        done = _bedplate(*words, "--out", tmp_path / "two", "--from", liar, "--from", honest)
    assert json.loads(done.stdout)["digest"] == from_source["digest"]
    assert any("/blobs/" in path for path in requested)
    assert f"{liar} is not used any more" in done.stderr
