"""Debian root file systems from a locked set of packages, made once per set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bedplate.artifacts.deb.deb_control import read_control
from bedplate.artifacts.deb.deb_source import KIND, DebSource, platform_packages
from bedplate.artifacts.deb.mmdebstrap import make_root
from bedplate.artifacts.image.layer_diff import read_tree
from bedplate.artifacts.source_kind import Context
from bedplate.artifacts.tarball import write_tar
from bedplate.config.release_lock import Entry, Output, set_name
from bedplate.core import digest
from bedplate.core.errors import BedplateError

FORM = 1
"""Part of every recipe here: raised when the same packages would give another root."""
HOST_KEYS = "etc/ssh/ssh_host_*"
"""No two machines may share these, so the machine's image has none: each machine makes its own."""


def locked_packages(roots: Sequence[str], context: Context) -> list[Entry]:
    """Return the locked closure of some packages."""
    name = set_name(KIND, roots)
    if name not in context.lock.sets:
        raise BedplateError(f"package set {name}", "is not in the lock", "bedplate lock")
    return [context.lock.by_id[entry_id] for entry_id in context.lock.sets[name]]


def root_tar(roots: Sequence[str], context: Context) -> Path:
    """Return the tar of a file system with some packages and all they need, with nothing left out."""
    packages = locked_packages(roots, context)
    recipe = digest.of({"root": FORM, "epoch": context.release.epoch, "packages": sorted(p.recipe for p in packages)})
    output = context.cache.recall(recipe) or _make(packages, context)
    context.cache.remember(recipe, output)
    return context.cache.blob(output.sha256)


def machine_root(context: Context) -> Output:
    """Return the blob of a bare host's file system, a tar: the packages of the platform's own component."""
    tar = root_tar(platform_packages(context), context)
    recipe = digest.of({"machine": FORM, "root": tar.name})
    if known := context.cache.recall(recipe):
        return known
    with context.cache.scratch() as folder:
        with (folder / "machine.tar").open("wb") as out:
            write_tar(read_tree(tar, [HOST_KEYS]).values(), out, context.release.epoch)
        output = context.cache.add(folder / "machine.tar", move=True)
    context.cache.remember(recipe, output)
    return output


def _make(packages: Sequence[Entry], context: Context) -> Output:
    source = DebSource()
    with context.cache.scratch() as folder:
        repository = folder / "repository"
        repository.mkdir()
        for package in packages:
            blob = context.cache.blob(source.build(package, context).sha256)
            (repository / package.pin["filename"]).hardlink_to(blob)
        (repository / "Packages").write_text("\n".join(_stanza(package, repository) for package in packages))
        names = sorted(package.pin["package"] for package in packages)
        architecture = context.release.platform.architecture
        make_root(repository, names, architecture, context.release.epoch, folder / "root.tar")
        return context.cache.add(folder / "root.tar", move=True)


def _stanza(package: Entry, repository: Path) -> str:
    """Return what an apt repository lists for a package; a file that is not the locked one ends the build."""
    path = repository / package.pin["filename"]
    if digest.of_file(path) != package.pin["sha256"]:
        raise BedplateError(package.id, f"is damaged in the cache ({path.stat().st_size} bytes)", "delete the cache")
    place = [f"Filename: ./{path.name}", f"Size: {path.stat().st_size}", f"SHA256: {package.pin['sha256']}"]
    return "\n".join([read_control(path).rstrip("\n"), *place, ""])
