"""The seal of an acceptance report: its files by digest and what the run found, signed by the site's key.

manifest.json      the list
manifest.json.sig  the site's SSH signature over it, which `ssh-keygen -Y verify -n bedplate-report` checks, too

Both are written last: a report without them was stopped on its way, or is not what the site signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from bedplate.acceptance.acceptance_result import AcceptanceRun
from bedplate.config.base import Model
from bedplate.config.bundle_layout import MANIFEST, SIGNATURE, ManifestFile
from bedplate.config.environment_file import DNS_LABEL
from bedplate.core import digest
from bedplate.core.errors import BedplateError, ErrorList, InputError
from bedplate.core.files import write_atomic
from bedplate.install.blob_content import check_file, read_small
from bedplate.install.manifest import ListedFile
from bedplate.install.refused import RefusedError
from bedplate.pki import site_key

LARGEST = 1 << 20
AGAIN = "copy the whole folder from the bastion again, or have the site verify anew"
REMOVE = "remove it, and do not believe it"


class ReportManifest(Model):
    """What the site signs."""

    format: Literal[1] = 1
    environment: str = Field(pattern=DNS_LABEL, description="the environment's name, which is no path")
    release: str = Field(description="release, with +relock where vanished packages were relocked")
    started: datetime = Field(description="when the run began, UTC")
    seconds: float = Field(description="how long it took")
    green: bool = Field(description="whether something was checked and nothing failed")
    passed: int = Field(description="number of checks that passed")
    failed: int = Field(description="number of checks that failed")
    skipped: int = Field(description="number of checks that were skipped")
    packets_outside: int | None = Field(description="packets that tried to leave; null where none were counted")
    files: list[ManifestFile] = Field(description="every other file of the report, sorted by path")


def sign_report(run: AcceptanceRun, folder: Path, key: Path) -> Path:
    """Sign a written report and return the place of the list.

    Args:
        run: what the report is about.
        folder: the report; every file in it is listed.
        key: the site's private key.
    """
    facts = {name: value for name, value in run.as_json().items() if name in ReportManifest.model_fields}
    listed = [_listed(folder, path) for path in sorted(_files(folder))]
    data = ReportManifest.model_validate({**facts, "files": listed}).model_dump_json(indent=2).encode() + b"\n"
    # A list of an earlier try may have its signature beside it: never are the two of different tries.
    (folder / SIGNATURE).unlink(missing_ok=True)
    write_atomic(folder / MANIFEST, data)
    write_atomic(folder / SIGNATURE, site_key.sign(data, key, site_key.REPORT_NAMESPACE))
    return folder / MANIFEST


def verify_report(folder: Path, public: Callable[[str], str]) -> ReportManifest:
    """Return what a report's site has signed, once signature and files are proven.

    BedplateError for the signature; Findings with an error for every file that is changed, missing or additional.

    Args:
        folder: the report.
        public: gives the public site key for an environment's name, which is not proven before.
    """
    if not folder.is_dir():
        raise InputError(f"report {folder}", "is no folder", "give the folder that `bedplate verify` wrote")
    data, signature = _read(folder, MANIFEST), _read(folder, SIGNATURE)
    known = _parsed(folder, data)
    key = public(known.environment)
    try:
        site_key.check(data, signature, key, site_key.REPORT_NAMESPACE)
    except BedplateError as error:
        raise BedplateError(f"report {folder}: {error.subject}", error.fact, error.hint) from error
    if errors := list(_wrong(folder, known)):
        raise ErrorList(errors)
    return known


def _listed(folder: Path, path: str) -> ManifestFile:
    place = folder / path
    return ManifestFile(path=path, sha256=digest.of_file(place), size=place.stat().st_size)


def _files(folder: Path) -> set[str]:
    """Return the paths of everything but folders and the seal itself."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {str(path.relative_to(folder)) for path in found} - {MANIFEST, SIGNATURE}


def _read(folder: Path, name: str) -> bytes:
    if not (folder / name).exists():
        raise BedplateError(f"report {folder}", f"is not signed: it has no {name}", AGAIN)
    try:
        return read_small(folder, name, LARGEST)
    except RefusedError as error:
        raise BedplateError(f"file {folder / name}", error.fact, AGAIN) from error


def _parsed(folder: Path, data: bytes) -> ReportManifest:
    """Return the list, of which the environment's name alone is used before the signature is proven."""
    try:
        return ReportManifest.model_validate_json(data)
    except ValidationError as error:
        where = ".".join(str(word) for word in error.errors()[0]["loc"]) or "the whole"
        fact = f"is no list of a report's files ({where}: {error.errors()[0]['msg']})"
        raise BedplateError(f"file {folder / MANIFEST}", fact, AGAIN) from error


def _wrong(folder: Path, known: ReportManifest) -> Iterator[BedplateError]:
    there, listed = _files(folder), {file.path: file for file in known.files}
    for path in sorted(there | listed.keys()):
        subject = f"file {folder / path}"
        if path not in listed:
            yield BedplateError(subject, "is not in the list that the site signed", REMOVE)
        elif path not in there:
            yield BedplateError(subject, "is missing", AGAIN)
        else:
            try:
                check_file(folder, ListedFile(**listed[path].model_dump()))
            except RefusedError as error:
                yield BedplateError(subject, error.fact, AGAIN)
