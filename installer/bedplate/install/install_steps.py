"""The steps of installing a bundle, in order, and the command line."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from .bastion_packages import install_packages
from .installer_tree import unpack_installer
from .listing import check_listing
from .manifest import ListedFile, parse_manifest
from .messages import megabytes, report
from .programs import install_programs, link_commands
from .python_environment import make_environment
from .refused import RefusedError
from .release_json import read_release
from .signature import SignedManifest, read_signed
from .store import copy_blobs, write_release_files
from .store_lock import store_lock
from .target import BastionTarget

PYTHON = (3, 11)
INTERRUPTED = 130
"""Exit code after Ctrl-C."""


def install(bundle: Path, publisher: str, target: BastionTarget, *, packages: bool = True) -> None:
    """Run all steps. Each step prints its outcome, and does nothing if it is already done."""
    started = time.monotonic()
    if sys.version_info[:2] != PYTHON:
        raise RefusedError("python3", f"is {sys.version.split()[0]}, not {PYTHON[0]}.{PYTHON[1]}", "use Debian 12")
    signed, files, (release, data) = check_bundle(bundle, publisher)
    report(f"[1/7] signature    valid, over {len(files)} files ({megabytes(sum(f.size for f in files))})")
    with store_lock(target.store):
        report(f"[2/7] store        {copy_blobs(bundle, files, target)}")
        write_release_files(release, data, signed, target)
    report(f"[3/7] packages     {install_packages(release, target) if packages else 'skipped (--no-packages)'}")
    report(f"[4/7] installer    {unpack_installer(release, target)}")
    report(f"[5/7] environment  {make_environment(release, target)}")
    report(f"[6/7] programs     {install_programs(release, target)}")
    report(f"[7/7] commands     {link_commands(release, target)}")
    seconds = time.monotonic() - started
    report(f"release {release['release']} is on this bastion ({seconds:.0f} s). Continue with: bedplate apply ENV")


def check_bundle(bundle: Path, publisher: str) -> tuple[SignedManifest, list[ListedFile], tuple[dict[str, Any], bytes]]:
    """Verify the signature, the list of files and release.json, in this order; not the content of other files."""
    signed = read_signed(bundle, publisher)
    files = parse_manifest(signed.manifest)
    check_listing(bundle, files)
    return signed, files, read_release(bundle, files)


def main(bundle: Path) -> int:
    """Parse the command line and install; print a refusal without a traceback."""
    parser = argparse.ArgumentParser(prog="install", description="Install this bundle on the bastion.")
    parser.add_argument(
        "--publisher", required=True, type=Path, help="file with the publisher's public keys, one per line"
    )
    parser.add_argument("--root", default=Path("/"), type=Path, help="install below this folder (for tests)")
    parser.add_argument("--no-packages", action="store_true", help="do not install the bastion's Debian packages")
    chosen = parser.parse_args()
    try:
        target = BastionTarget(chosen.root.resolve())
        install(bundle, _read_publisher(chosen.publisher), target, packages=not chosen.no_packages)
    except KeyboardInterrupt:
        sys.stderr.write("install: interrupted\n  hint: run the same command again to resume\n")
        return INTERRUPTED
    except (RefusedError, OSError) as error:
        sys.stderr.write(f"install: {error}\n")
        return 1
    return 0


def _read_publisher(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError(f"file {path}", "is not text", "use the .pub file from the publisher") from error
