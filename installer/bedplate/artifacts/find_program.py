"""Find a program of the release: installed from a bundle, or built in the user's cache."""

from __future__ import annotations

import tarfile
from pathlib import Path

from bedplate.artifacts.cache import Cache
from bedplate.config.catalog import Catalog
from bedplate.core import paths
from bedplate.core.errors import BedplateError, InputError

INSTALLED = Path("/opt/bedplate")


def find_program(component: str, program: str, catalog: Catalog | None = None) -> Path:
    """Return a component's program: the installed one in /opt/bedplate, else the built one in the cache.

    Args:
        component: the component's name.
        program: the program's name.
        catalog: the release; of the installed versions, its own is preferred to the one installed last.
    """
    installed = INSTALLED / component / "current" / "bin" / program
    if catalog and component in catalog.components:
        own = INSTALLED / component / catalog.components[component].version / "bin" / program
        if own.exists():
            return own
    if installed.exists():
        return installed
    if built := _built(component, program, catalog):
        return built
    raise BedplateError(
        f"program {program}",
        f"is neither in {installed.parent} nor built in {paths.cache()}",
        "install the release's bundle, or run `bedplate bundle build`",
    )


def _built(component: str, program: str, catalog: Catalog | None) -> Path | None:
    """Return the program from the artifact that the lock names, or None if the cache does not have it."""
    if catalog is None or component not in catalog.components:
        return None
    try:
        entries = catalog.lock().by_id
    except InputError:
        return None
    cache = Cache()
    for artifact in catalog.components[component].artifacts:
        entry = entries.get(f"{artifact.kind}:{artifact.id}") if artifact.has_programs else None
        output = entry and (cache.recall(entry.recipe) or entry.output)
        if output and cache.has(output.sha256) and (unpacked := _unpack(cache, output.sha256, program)):
            return unpacked
    return None


def _unpack(cache: Cache, sha256: str, program: str) -> Path | None:
    """Unpack a program from a tar once, next to the cache's blobs."""
    target = cache.folder("programs", sha256) / program
    if target.exists():
        return target
    with tarfile.open(cache.blob(sha256)) as archive, cache.scratch() as scratch:
        if f"bin/{program}" not in archive.getnames():
            return None
        archive.extract(f"bin/{program}", scratch, filter="data")
        (scratch / "bin" / program).replace(target)
    target.chmod(0o755)
    return target
