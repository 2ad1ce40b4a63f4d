"""A delta that came in: its heads, proven before anything else is read, and where its parts are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from bedplate.bundle.verify_bundle import refusals_as_errors
from bedplate.core.errors import BedplateError, ErrorList, InputError
from bedplate.delta.delta_layout import FORMAT, HEAD, NAMESPACE, SIGNATURE, DeltaFile, part_name
from bedplate.install.manifest import BLOB, ListedFile, parse_manifest
from bedplate.install.refused import RefusedError
from bedplate.install.signature import SignedManifest, read_signed

READ_AGAIN_HINT = "read the medium again; if it stays so, carry this part again"


@dataclass(frozen=True, slots=True)
class ReceivedDelta:
    """A delta whose heads are the publisher's.

    Attributes:
        file: delta.json.
        digest: its digest.
        signed: the bundle's manifest and signature.
        files: the bundle's files.
        folders: the folder of each part that is here, by its number.
    """

    file: DeltaFile
    digest: str
    signed: SignedManifest
    files: list[ListedFile]
    folders: dict[int, Path]


def receive(given: list[Path], publisher: str) -> ReceivedDelta:
    """Return the delta whose parts lie in some folders, or in their folders; Findings name each wrong part.

    Args:
        given: folders of parts, or folders that hold them.
        publisher: text of the publisher's public keys.
    """
    folders = [folder for path in given for folder in _parts_in(path)]
    heads: dict[bytes, list[Path]] = {}
    errors: list[BedplateError] = []
    for folder in folders:
        try:
            heads.setdefault(read_signed(folder, publisher, (HEAD, SIGNATURE), NAMESPACE).manifest, []).append(folder)
        except RefusedError as error:
            errors.append(
                BedplateError(f"part {folder.name} in {folder.parent}", f"is refused: {error.fact}", READ_AGAIN_HINT)
            )
    if len(heads) > 1:
        several = ", ".join(str(same[0]) for same in heads.values())
        errors.append(InputError("parts", f"are of {len(heads)} deltas: {several}", "give the parts of one"))
    if errors:
        raise ErrorList(errors)
    ((head, found),) = heads.items()
    return _received(head, found, publisher)


def _parts_in(path: Path) -> list[Path]:
    if (path / HEAD).exists():
        return [path]
    if found := sorted(child.parent for child in path.glob(f"*/{HEAD}")):
        return found
    raise InputError(f"folder {path}", f"has no part of a delta ({HEAD})", "give what `bedplate bundle delta` wrote")


def _received(head: bytes, folders: list[Path], publisher: str) -> ReceivedDelta:
    file, files = _parsed(head), []
    with refusals_as_errors():
        signed = read_signed(folders[0], publisher)
        files = parse_manifest(signed.manifest)
    if hashlib.sha256(signed.manifest).hexdigest() != file.bundle:
        raise BedplateError(f"folder {folders[0]}", "has the manifest of another bundle", READ_AGAIN_HINT)
    _check_whole(file, files)
    count = len(file.parts)
    numbers = {part_name(number, count): number for number in range(1, count + 1)}
    if other := [folder for folder in folders if folder.resolve().name not in numbers]:
        names = f"{part_name(1, count)} to {part_name(count, count)}"
        raise InputError(f"folder {other[0]}", "has another name than the delta gave it", f"name its parts {names}")
    return ReceivedDelta(
        file, hashlib.sha256(head).hexdigest(), signed, files, {numbers[one.resolve().name]: one for one in folders}
    )


def _parsed(head: bytes) -> DeltaFile:
    try:
        file = DeltaFile.model_validate_json(head)
    except ValidationError as error:
        step = "use the bedplate that is in the newer release"
        raise BedplateError(f"file {HEAD}", "has a form that this installer does not know", step) from error
    if file.format != FORMAT:
        raise BedplateError(f"file {HEAD}", f"has format {file.format}; this installer knows {FORMAT}")
    return file


def _check_whole(delta: DeltaFile, files: list[ListedFile]) -> None:
    """Refuse a delta that does not give every file of the bundle, from itself or from the site, once."""
    carried, needed = [one.path for one in delta.carried], {one.sha256 for one in delta.requires}
    kept = {file.path for file in files if BLOB.match(file.path) and file.sha256 in needed}
    paths, end = {file.path for file in files}, max((one.offset + one.length for one in delta.carried), default=0)
    fits = set(carried) <= paths <= kept | set(carried) and len(set(carried)) == len(carried)
    if not fits or end != sum(part.size for part in delta.parts):
        raise BedplateError(f"file {HEAD}", "does not fit its manifest.json", "have the delta made again")
