"""Root file systems from a locked set of packages, built once per set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bedplate.artifacts.host_packages import platform_packages
from bedplate.artifacts.image.layer_diff import read_tree
from bedplate.artifacts.source_kind import Context
from bedplate.artifacts.tarball import write_tar
from bedplate.config.release_lock import Entry, Output, set_name
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.distributions.distribution import Distribution

FORM = 1
"""Part of every recipe here: raise it when the same packages would give another root."""
HOST_KEYS = "etc/ssh/ssh_host_*"
"""Each machine creates its own, so the machines' image has none."""


def locked_packages(roots: Sequence[str], distribution: Distribution, context: Context) -> list[Entry]:
    """Return the locked closure of some packages of a distribution."""
    name = set_name(distribution.package_kind, roots)
    if name not in context.lock.sets:
        raise BedplateError(f"package set {name}", "is not in the lock", "run `bedplate lock`")
    return [context.lock.by_id[entry_id] for entry_id in context.lock.sets[name]]


def root_tar(roots: Sequence[str], distribution: Distribution, context: Context) -> Path:
    """Return the tar of a complete file system with some packages and their dependencies."""
    packages = locked_packages(roots, distribution, context)
    recipe = digest.of({"root": FORM, "epoch": context.release.epoch, "packages": sorted(p.recipe for p in packages)})
    output = context.cache.recall(recipe) or _make(packages, distribution, context)
    context.cache.remember(recipe, output)
    return context.cache.blob(output.sha256)


def machine_root(context: Context) -> Output:
    """Return the blob of a bare host's file system, a tar: the packages of the platform's own component."""
    tar = root_tar(platform_packages(context), context.distribution, context)
    recipe = digest.of({"machine": FORM, "root": tar.name})
    if known := context.cache.recall(recipe):
        return known
    with context.cache.scratch() as folder:
        with (folder / "machine.tar").open("wb") as out:
            write_tar(read_tree(tar, [HOST_KEYS]).values(), out, context.release.epoch)
        output = context.cache.add(folder / "machine.tar", move=True)
    context.cache.remember(recipe, output)
    return output


def _make(packages: Sequence[Entry], distribution: Distribution, context: Context) -> Output:
    kind, architecture = context.kinds[distribution.package_kind], context.release.platform.architecture
    blobs = {p.pin["filename"]: context.cache.blob(kind.build(p, context).sha256) for p in packages}
    for name, blob in blobs.items():
        if digest.of_file(blob) != blob.name:
            fact = f"is corrupted in the cache ({blob.stat().st_size} bytes)"
            raise BedplateError(f"package {name}", fact, f"remove {blob} and build again")
    with context.cache.scratch() as folder:
        distribution.make_root(blobs, architecture, context.release.epoch, folder, folder / "root.tar")
        return context.cache.add(folder / "root.tar", move=True)
