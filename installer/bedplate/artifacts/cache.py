"""The local cache of artifacts: blobs by digest, and which recipe gave which blob."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bedplate.config.release_lock import Output
from bedplate.core import digest, oci, paths
from bedplate.core.files import write_atomic

STALE_SECONDS = 86400
"""No build takes a day, so no process uses an older scratch folder."""


class Cache:
    """A folder that any number of processes may use at once; it may be deleted at any time.

    Attributes:
        root: the folder, by default the user's (see `paths.cache`).
    """

    def __init__(self, root: Path | None = None) -> None:
        """Use a folder, which need not exist."""
        self.root = (root or paths.cache()).absolute()

    def blob(self, sha256: str) -> Path:
        """Return the path of a digest's blob, whether the cache has it or not."""
        return self.root / "blobs/sha256" / sha256

    def has(self, sha256: str) -> bool:
        """Return whether the cache has the blob."""
        return self.blob(sha256).is_file()

    def image_blobs(self, manifest: str) -> list[str]:
        """Return the digests of an image's blobs: its manifest, which the cache must have, configuration and layers."""
        return [manifest, *(part.sha256 for part in oci.read(self.blob(manifest)).blobs)]

    def add(self, path: Path, *, move: bool = False) -> Output:
        """Copy or move a file into the cache, and return its digest and size."""
        output = Output(sha256=digest.of_file(path), size=path.stat().st_size)
        if not self.has(output.sha256):
            self._take(path, self.blob(output.sha256), move=move)
        elif move:
            path.unlink()
        return output

    def add_bytes(self, data: bytes) -> Output:
        """Write bytes into the cache, and return their digest and size."""
        with self.scratch() as folder:
            (folder / "bytes").write_bytes(data)
            return self.add(folder / "bytes", move=True)

    def recall(self, recipe: str) -> Output | None:
        """Return the output of a recipe if it was built before and the cache still has all of its blob."""
        path = self._recipe(recipe)
        if not path.is_file():
            return None
        output = Output.model_validate_json(path.read_bytes())
        blob = self.blob(output.sha256)
        return output if blob.is_file() and blob.stat().st_size == output.size else None

    def remember(self, recipe: str, output: Output) -> None:
        """Record the output of a recipe."""
        write_atomic(self._recipe(recipe), json.dumps(output.model_dump(), sort_keys=True) + "\n")

    def folder(self, *parts: str) -> Path:
        """Return a named folder of the cache, such as a compiler's own cache; create it if it does not exist."""
        path = self.root.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Create an empty folder on the cache's own file system, and remove it afterwards."""
        parent = self.folder("scratch")
        _remove_old(parent)
        folder = Path(tempfile.mkdtemp(dir=parent))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _recipe(self, recipe: str) -> Path:
        return self.root / "recipes" / f"{recipe}.json"

    def _take(self, path: Path, blob: Path, *, move: bool) -> None:
        with self.scratch() as folder:
            source = path
            if not move or path.stat().st_dev != folder.stat().st_dev:
                source = Path(shutil.copyfile(path, folder / "copy"))
            source.chmod(0o444)
            blob.parent.mkdir(parents=True, exist_ok=True)
            source.replace(blob)
        if move:
            path.unlink(missing_ok=True)


def _remove_old(scratch: Path) -> None:
    """Remove the folders that killed processes left behind."""
    for folder in scratch.iterdir():
        with suppress(FileNotFoundError):  # its process may be ending right now
            if folder.stat().st_mtime < time.time() - STALE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
