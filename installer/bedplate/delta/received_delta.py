"""Reading a delta at the site: verifies its signed headers first, and finds its parts."""

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

READ_AGAIN_HINT = "read the medium again; if that does not help, carry this part in again"
NEWER_HINT = "use `bedplate` of the newer release"


@dataclass(frozen=True, slots=True)
class ReceivedDelta:
    """A delta whose headers were verified.

    Attributes:
        file: delta.json.
        digest: the digest of delta.json.
        signed: the bundle's manifest and signature.
        files: the bundle's files.
        folders: the folder of each part that is here, by the part's number.
    """

    file: DeltaFile
    digest: str
    signed: SignedManifest
    files: list[ListedFile]
    folders: dict[int, Path]


def receive(given: list[Path], publisher: str) -> ReceivedDelta:
    """Return the delta whose parts are in some folders.

    Args:
        given: folders of parts, or folders that hold those.
        publisher: text of the publisher's public keys.

    Raises:
        ErrorList: names each part that is refused.
    """
    folders = [folder for path in given for folder in _parts_in(path)]
    heads: dict[bytes, list[Path]] = {}
    errors: list[BedplateError] = []
    for folder in folders:
        try:
            heads.setdefault(read_signed(folder, publisher, (HEAD, SIGNATURE), NAMESPACE).manifest, []).append(folder)
        except RefusedError as error:
            errors.append(
                BedplateError(f"part {folder.name} in {folder.parent}", f"is refused: it {error.fact}", READ_AGAIN_HINT)
            )
    if len(heads) > 1:
        several = ", ".join(str(same[0]) for same in heads.values())
        errors.append(InputError("parts", f"belong to {len(heads)} deltas: {several}", "give the parts of one delta"))
    if errors:
        raise ErrorList(errors)
    ((head, parts),) = heads.items()
    return _received(head, parts, publisher)


def _parts_in(path: Path) -> list[Path]:
    if (path / HEAD).exists():
        return [path]
    if parts := sorted(child.parent for child in path.glob(f"*/{HEAD}")):
        return parts
    raise InputError(
        f"folder {path}", f"has no part of a delta ({HEAD})", "give a folder that `bedplate bundle delta` wrote"
    )


def _received(head: bytes, folders: list[Path], publisher: str) -> ReceivedDelta:
    file, files = _parsed(head), []
    with refusals_as_errors():
        signed = read_signed(folders[0], publisher)
        files = parse_manifest(signed.manifest)
    if hashlib.sha256(signed.manifest).hexdigest() != file.bundle:
        raise BedplateError(f"folder {folders[0]}", "has the manifest of a different bundle", READ_AGAIN_HINT)
    _check_whole(file, files)
    count = len(file.parts)
    numbers = {part_name(number, count): number for number in range(1, count + 1)}
    if misnamed := [folder for folder in folders if folder.resolve().name not in numbers]:
        names = f"{part_name(1, count)} to {part_name(count, count)}"
        raise InputError(
            f"folder {misnamed[0]}", "was renamed, so its part number is unknown", f"name the parts {names}"
        )
    return ReceivedDelta(
        file,
        hashlib.sha256(head).hexdigest(),
        signed,
        files,
        {numbers[folder.resolve().name]: folder for folder in folders},
    )


def _parsed(head: bytes) -> DeltaFile:
    try:
        file = DeltaFile.model_validate_json(head)
    except ValidationError as error:
        raise BedplateError(f"file {HEAD}", "is in a format that this installer does not know", NEWER_HINT) from error
    if file.format != FORMAT:
        raise BedplateError(f"file {HEAD}", f"has format {file.format}; this installer knows {FORMAT}", NEWER_HINT)
    return file


def _check_whole(delta: DeltaFile, files: list[ListedFile]) -> None:
    """Refuse a delta that does not yield every file of the bundle exactly once, from the payload or from the site."""
    carried, needed = [entry.path for entry in delta.carried], {blob.sha256 for blob in delta.requires}
    kept = {file.path for file in files if BLOB.match(file.path) and file.sha256 in needed}
    paths, end = {file.path for file in files}, max((entry.offset + entry.length for entry in delta.carried), default=0)
    fits = set(carried) <= paths <= kept | set(carried) and len(set(carried)) == len(carried)
    if not fits or end != sum(part.size for part in delta.parts):
        raise BedplateError(f"file {HEAD}", "does not match its manifest.json", "ask the publisher for a new delta")
