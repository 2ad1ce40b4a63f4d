"""The signature of an acceptance report: a manifest of its files and results, signed by the site's key.

manifest.json      the manifest
manifest.json.sig  the site's SSH signature of it, which `ssh-keygen -Y verify -n bedplate-report` checks, too

Both are written last: a report without them is incomplete, or is not what the site signed.
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
AGAIN = "copy the whole folder from the bastion again, or let the site run `bedplate verify` again"
REMOVE = "remove it, and do not trust it"


class ReportManifest(Model):
    """The manifest of a report, which the site signs."""

    format: Literal[1] = 1
    environment: str = Field(pattern=DNS_LABEL, description="the environment's name")
    release: str = Field(description="release, with +relock if vanished packages were relocked")
    started: datetime = Field(description="when the run began, UTC")
    seconds: float = Field(description="how long it took")
    green: bool = Field(description="whether every check passed, and no packet tried to leave")
    passed: int = Field(description="number of checks that passed")
    failed: int = Field(description="number of checks that failed")
    skipped: int = Field(description="number of checks that were skipped")
    packets_outside: int | None = Field(description="packets that tried to leave; null if they were not counted")
    files: list[ManifestFile] = Field(description="every other file of the report, sorted by path")


def sign_report(run: AcceptanceRun, folder: Path, key: Path) -> Path:
    """Sign a report that was written.

    Args:
        run: the acceptance run.
        folder: the report; the manifest lists every file in it.
        key: the site's private key.

    Returns:
        The path of the manifest.
    """
    facts = {name: value for name, value in run.as_json().items() if name in ReportManifest.model_fields}
    listed = [_listed(folder, path) for path in sorted(_files(folder))]
    data = ReportManifest.model_validate({**facts, "files": listed}).model_dump_json(indent=2).encode() + b"\n"
    # The signature of an earlier try must never lie next to the manifest of this one.
    (folder / SIGNATURE).unlink(missing_ok=True)
    write_atomic(folder / MANIFEST, data)
    write_atomic(folder / SIGNATURE, site_key.sign(data, key, site_key.REPORT_NAMESPACE))
    return folder / MANIFEST


def verify_report(folder: Path, public: Callable[[str], str]) -> ReportManifest:
    """Verify a report's signature, then all of its files.

    Args:
        folder: the report.
        public: returns the public site key of an environment, whose name is not verified before.

    Returns:
        The manifest that the site signed.

    Raises:
        InputError: there is no such folder.
        BedplateError: the signature is missing or wrong.
        ErrorList: files are changed, missing or additional; one error for each.
    """
    if not folder.is_dir():
        raise InputError(f"report {folder}", "is not a folder", "name the folder that `bedplate verify` wrote")
    data, signature = _read(folder, MANIFEST), _read(folder, SIGNATURE)
    manifest = _parsed(folder, data)
    key = public(manifest.environment)
    try:
        site_key.check(data, signature, key, site_key.REPORT_NAMESPACE)
    except BedplateError as error:
        raise BedplateError(f"report {folder}: {error.subject}", error.fact, error.hint) from error
    if errors := list(_wrong(folder, manifest)):
        raise ErrorList(errors)
    return manifest


def _listed(folder: Path, path: str) -> ManifestFile:
    file = folder / path
    return ManifestFile(path=path, sha256=digest.of_file(file), size=file.stat().st_size)


def _files(folder: Path) -> set[str]:
    """Return the paths of all files but the manifest and its signature."""
    files = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {str(path.relative_to(folder)) for path in files} - {MANIFEST, SIGNATURE}


def _read(folder: Path, name: str) -> bytes:
    if not (folder / name).exists():
        raise BedplateError(f"report {folder}", f"is not signed: it has no {name}", AGAIN)
    try:
        return read_small(folder, name, LARGEST)
    except RefusedError as error:
        raise BedplateError(f"file {folder / name}", error.fact, AGAIN) from error


def _parsed(folder: Path, data: bytes) -> ReportManifest:
    """Return the manifest; only its environment is used before the signature is verified."""
    try:
        return ReportManifest.model_validate_json(data)
    except ValidationError as error:
        where = ".".join(str(word) for word in error.errors()[0]["loc"]) or "the whole file"
        fact = f"is not the manifest of a report ({where}: {error.errors()[0]['msg']})"
        raise BedplateError(f"file {folder / MANIFEST}", fact, AGAIN) from error


def _wrong(folder: Path, manifest: ReportManifest) -> Iterator[BedplateError]:
    present, listed = _files(folder), {file.path: file for file in manifest.files}
    for path in sorted(present | listed.keys()):
        subject = f"file {folder / path}"
        if path not in listed:
            yield BedplateError(subject, "is not in the manifest that the site signed", REMOVE)
        elif path not in present:
            yield BedplateError(subject, "is missing", AGAIN)
        else:
            try:
                check_file(folder, ListedFile(**listed[path].model_dump()))
            except RefusedError as error:
                yield BedplateError(subject, error.fact, AGAIN)
