"""Where the programs of the release are: installed from the bundle, or built in the user's cache."""

from __future__ import annotations

import os
import tarfile
import tempfile
from pathlib import Path

from bedplate import place
from bedplate.catalog import Catalog
from bedplate.errors import BedplateError, InputError

INSTALLED = Path("/opt/bedplate")


def find(component: str, program: str, catalog: Catalog | None = None) -> Path:
    """Return a program of a component: /opt/bedplate's, else the one of the release's artifact in the cache."""
    installed = INSTALLED / component / "current" / "bin" / program
    if installed.exists():
        return installed
    if built := _built(component, program, catalog):
        return built
    raise BedplateError(
        f"program {program}",
        f"is neither in {installed.parent} nor built in {place.cache()}",
        "install the release's bundle, or run `bedplate bundle build`",
    )


def _built(component: str, program: str, catalog: Catalog | None) -> Path | None:
    """Return the program out of the artifact that the lock names and the cache holds, or None."""
    if catalog is None or component not in catalog.components:
        return None
    try:
        entries = catalog.lock().by_id
    except InputError:
        return None
    for artifact in catalog.components[component].artifacts:
        entry = entries.get(f"go:{artifact.id}")
        if entry and entry.output and (tar := place.cache() / "blobs/sha256" / entry.output.sha256).exists():
            return _unpack(tar, program)
    return None


def _unpack(tar: Path, program: str) -> Path | None:
    """Unpack a program once beside the cache's blobs."""
    target = place.cache() / "programs" / tar.name / program
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(tar) as archive:
        try:
            content = archive.extractfile(f"bin/{program}")
        except KeyError:
            return None
        handle, name = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            while content and (block := content.read(1 << 20)):
                file.write(block)
    Path(name).chmod(0o755)
    Path(name).replace(target)
    return target
