"""Reading the snapshots that the command line names: files, environments, bundles or git revisions."""

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
"""An empty snapshot, as in git: everything in the other one is added or removed."""


def read_snapshot(spec: str) -> Snapshot:
    """Return one snapshot; raise InputError or ErrorList if it cannot be read.

    Args:
        spec: an environment's directory or name, ``REVISION:ENVIRONMENT`` in git, a bundle's directory, the output of
            ``bedplate render``, a file or directory of YAML or JSON, also in gzip; ``-`` is standard input.
    """
    with _without_garbage_collection():
        found = _raw_documents(spec)
        return _rendered(spec) if found is None else _from_files(spec, found)


def read_pair(old: str, new: str) -> tuple[Snapshot, Snapshot]:
    """Return both snapshots of a diff; text that two snapshots of files share is not parsed.

    Args:
        old: the state before, as in `read_snapshot`.
        new: the state after.
    """
    with _without_garbage_collection():
        return _pair(old, new)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Switch garbage collection off: there is no garbage, and looking for it takes as long as reading."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.freeze()  # later collections need not look through what was read
            gc.enable()


def _pair(old: str, new: str) -> tuple[Snapshot, Snapshot]:
    if old == new == file_content.STDIN:
        raise InputError("standard input", "cannot be both snapshots", "write one of them to a file")
    before, after = _raw_documents(old), _raw_documents(new)
    if before is None or after is None:
        specs = ((old, before), (new, after))
        first, second = (_rendered(spec) if found is None else _from_files(spec, found) for spec, found in specs)
        return first, second
    texts = {raw_document.text for raw_document in before}
    both = texts.intersection(raw_document.text for raw_document in after)
    if len(both) == len(texts) == len(after):
        both = set()  # nothing differs: parse it anyway, to find errors
    reader = FileSnapshotReader(both)
    return reader.snapshot(old, before, _shown(old)), reader.snapshot(new, after, _shown(new))


def _from_files(spec: str, found: list[RawDocument]) -> Snapshot:
    return FileSnapshotReader().snapshot(spec, found, _shown(spec))


def _raw_documents(spec: str) -> list[RawDocument] | None:
    """Return the raw documents of files; None for a snapshot that must be rendered."""
    path = Path(spec)
    if spec == file_content.STDIN:
        return list(split_documents(file_content.read_stdin()))
    if path.is_dir():
        return None if _is_environment(path) or _is_bundle(path) else list(manifest_files.read_folder(path))
    return list(split_documents(file_content.read_file(path))) if spec != NOTHING and path.exists() else None


def _rendered(spec: str) -> Snapshot:
    """Return a snapshot that must be rendered."""
    # These take half a second to load, and plain files do not need them.
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
