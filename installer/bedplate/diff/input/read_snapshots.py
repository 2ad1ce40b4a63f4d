"""Which kind of side a word on the command line names, and the side itself."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bedplate.config import yaml_document
from bedplate.core.errors import InputError
from bedplate.diff.input.file_snapshot import FileSnapshotReader
from bedplate.kube import file_content, manifest_files
from bedplate.kube.raw_document import RawDocument, split_documents
from bedplate.kube.snapshot import Snapshot

NOTHING = "/dev/null"
"""A side with nothing on it, as in git: everything on the other is new, or gone."""


def read_snapshot(spec: str) -> Snapshot:
    """Return one side of a diff; InputError or Findings where it cannot be read.

    Args:
        spec: an environment's directory or name, ``REV:ENVIRONMENT`` in git, a bundle's directory, what
            ``bedplate render`` printed, a file or directory of YAML or JSON, also in gzip; ``-`` is standard input.
    """
    with _all_kept():
        found = _raw_documents(spec)
        return _site(spec) if found is None else _read(spec, found)


def read_pair(old: str, new: str) -> tuple[Snapshot, Snapshot]:
    """Return both sides of a diff; of files, what stands on both sides word for word is only glanced at.

    Args:
        old: the state before, as `read_side` takes it.
        new: the state after.
    """
    with _all_kept():
        return _pair(old, new)


@contextmanager
def _all_kept() -> Iterator[None]:
    """Look for no garbage meanwhile: there is none, and the search takes as long as the reading."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.freeze()  # nor are later searches to go through what was read
            gc.enable()


def _pair(old: str, new: str) -> tuple[Snapshot, Snapshot]:
    if old == new == file_content.STDIN:
        raise InputError("standard input", "cannot be both sides", "write one of them to a file")
    before, after = _raw_documents(old), _raw_documents(new)
    if before is None or after is None:
        sides = ((old, before), (new, after))
        first, second = (_site(spec) if found is None else _read(spec, found) for spec, found in sides)
        return first, second
    texts = {raw_document.text for raw_document in before}
    both = texts.intersection(raw_document.text for raw_document in after)
    if len(both) == len(texts) == len(after):
        both = set()  # nothing differs: then look for errors at least
    reader = FileSnapshotReader(both)
    return reader.snapshot(old, before, _shown(old)), reader.snapshot(new, after, _shown(new))


def _read(spec: str, found: list[RawDocument]) -> Snapshot:
    return FileSnapshotReader().snapshot(spec, found, _shown(spec))


def _raw_documents(spec: str) -> list[RawDocument] | None:
    """Return the raw_documents of a side that is files; None for what has to be rendered."""
    path = Path(spec)
    if spec == file_content.STDIN:
        return list(split_documents(file_content.read_stdin()))
    if path.is_dir():
        return None if _is_environment(path) or _is_bundle(path) else list(manifest_files.read_folder(path))
    return list(split_documents(file_content.read_file(path))) if spec != NOTHING and path.exists() else None


def _site(spec: str) -> Snapshot:
    """Return a side that is rendered."""
    # What plain files do not need takes half a second to load.
    from bedplate.diff.input import bundle_snapshot, environment_snapshot, git_snapshot  # noqa: PLC0415

    folder = Path(spec)
    if spec == NOTHING:
        return Snapshot(spec, {})
    if _is_bundle(folder):
        return bundle_snapshot.read(spec, folder)
    if _is_environment(folder):
        return environment_snapshot.read(spec, folder)
    if git_snapshot.is_revision(spec):
        return git_snapshot.read(spec)
    return environment_snapshot.read(spec, environment_snapshot.find(spec))


def _is_environment(folder: Path) -> bool:
    from bedplate.config.environments import ENVIRONMENT  # noqa: PLC0415  see kube/snapshot.py

    return (folder / ENVIRONMENT).is_file()


def _is_bundle(folder: Path) -> bool:
    from bedplate.config import bundle_layout  # noqa: PLC0415  see kube/snapshot.py

    return (folder / bundle_layout.RELEASE).is_file() and (folder / bundle_layout.OCI_LAYOUT).is_file()


def _shown(spec: str) -> str:
    return "standard input" if spec == file_content.STDIN else yaml_document.display_path(Path(spec))
