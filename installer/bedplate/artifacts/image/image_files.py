"""The last layer of an image: files of artifacts and of the component's folder, links and empty folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bedplate.artifacts.image.layer_diff import parent_folders, read_members
from bedplate.artifacts.source_kind import Context, fetch_or_build, kept_output
from bedplate.artifacts.tarball import TarEntry, folder_entries
from bedplate.config.component import Component, Image, ImageFile
from bedplate.core.errors import InputError, SourceLocation

MERGED = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64", "var/run": "run"}
"""Links in Debian's root; a folder of that name in a layer would replace them."""
SPECIAL_MODES = {"tmp": 0o1777, "var/tmp": 0o1777, "root": 0o700}
"""Folders that are not 0755 in Debian's root."""


def file_members(image: Image, component: Component, context: Context) -> list[TarEntry]:
    """Return the layer's members with their folders; of two with the same path, the one declared later wins."""
    members: dict[str, TarEntry] = {}
    for file in image.files:
        members.update({entry.name: entry for entry in _file(file, component, context)})
    members.update({_place(to): TarEntry(_place(to), 0o777, link=target) for to, target in image.links.items()})
    members.update({_place(to): TarEntry(_place(to), int(mode, 8), folder=True) for to, mode in image.folders.items()})
    if image.debs is not None:
        members = {_merged(name): replace(entry, name=_merged(name)) for name, entry in members.items()}
    folders = {parent for name in members for parent in parent_folders(name)} - members.keys()
    return [*members.values(), *(TarEntry(name, SPECIAL_MODES.get(name, 0o755), folder=True) for name in folders)]


def local_path(file: ImageFile, component: Component, context: Context) -> Path:
    """Return a file or folder of the component's own folder; raise InputError if it does not exist."""
    path = context.folders[component.name] / file.local
    if not path.exists():
        where = SourceLocation(str(context.folders[component.name] / "component.yaml"))
        raise InputError(
            f"image file {file.local}", "is not in the component's folder", "fix local: in component.yaml", where
        )
    return path


def _file(file: ImageFile, component: Component, context: Context) -> Iterable[TarEntry]:
    to, mode = _place(file.to), int(file.mode, 8)
    if file.local:
        path = local_path(file, component, context)
        return folder_entries(path, to) if path.is_dir() else [TarEntry(to, mode, content=path)]
    entry = context.entry(file.artifact)
    output = kept_output(entry, context) or fetch_or_build(entry, context)
    blob = context.cache.blob(output.sha256)
    return _of_tar(file, blob) if context.kinds[entry.kind].is_tar else [TarEntry(to, mode, content=blob)]


def _of_tar(file: ImageFile, tar: Path) -> Iterator[TarEntry]:
    """Yield one file of a tar at the declared path, or a folder's content below it."""
    tree, wanted, to = read_members(tar), PurePosixPath(file.path), _place(file.to)
    if (single := tree.get(str(wanted))) and not single.folder:
        yield replace(single, name=to, mode=int(file.mode, 8))
        return
    below = [name for name in tree if PurePosixPath(name).is_relative_to(wanted) and name != str(wanted)]
    if not below:
        raise InputError(
            f"artifact {file.artifact}",
            f"does not contain {file.path}, which goes to {file.to}",
            "fix path: in component.yaml",
        )
    for name in below:
        place = str(PurePosixPath(to) / PurePosixPath(name).relative_to(wanted))
        yield replace(tree[name], name=place, uid=0, gid=0)


def _place(path: str) -> str:
    return str(PurePosixPath(path)).strip("/")


def _merged(name: str) -> str:
    for link, target in MERGED.items():
        if name.startswith(f"{link}/"):
            return f"{target}/{name.removeprefix(link + '/')}"
    return name
