"""A folder as a binary cache: a bundle, a disk that was carried in, or a published cache."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from bedplate.binary_cache import cache_index
from bedplate.binary_cache.protocol import AbsentError, BlobStream, BrokenError
from bedplate.config import bundle_layout

BLOCK = 1 << 20


class FolderCache:
    """A folder with blobs."""

    def __init__(self, path: Path) -> None:
        """Use a folder that has blobs/sha256."""
        self._path = path

    @property
    def name(self) -> str:
        """Return the folder's path."""
        return str(self._path)

    @contextmanager
    def blob(self, sha256: str, start: int) -> Iterator[BlobStream]:
        """Open a blob at an offset."""
        with self._file(bundle_layout.blob_path(sha256), start) as stream:
            yield stream

    def index(self) -> tuple[bytes, bytes] | None:
        """Return the index and its signature."""
        return cache_index.read_files(self._file)

    @contextmanager
    def _file(self, name: str, start: int = 0) -> Iterator[BlobStream]:
        try:
            file = (self._path / name).open("rb")
        except FileNotFoundError as error:
            raise AbsentError from error
        except OSError as error:
            raise BrokenError(str(error)) from error
        with file:
            file.seek(start)
            yield BlobStream(start, _blocks(file))


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    try:
        while block := file.read(BLOCK):
            yield block
    except OSError as error:  # a bad disk
        raise BrokenError(str(error)) from error
