"""The programs that the installer runs, and the commands of people."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path
from typing import IO, Any

from .archive import open_tar
from .blob_content import CHUNK, sync_file
from .refused import RefusedError
from .release_json import version_of
from .target import BastionTarget


def install_programs(release: dict[str, Any], target: BastionTarget) -> str:
    """Unpack the installer's programs to /opt/bedplate/<component>/<version>/ and point `current` there."""
    changed = [p["path"].rpartition("/")[2] for p in release["bastion"]["programs"] if _install_program(p, target)]
    return ", ".join(changed) or "all there"


def _install_program(program: dict[str, str], target: BastionTarget) -> bool:
    folder = target.opt / program["component"] / program["version"]
    place, stamp = folder / program["path"], folder / f".{program['path'].replace('/', '-')}.digest"
    changed = not (place.exists() and stamp.exists() and stamp.read_text() == program["artifact"])
    if changed:
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = place.with_name(f".{place.name}.part")
        with open_tar(target.blob(program["artifact"])) as tar:
            source = _file(tar, program["path"])
            if source is None:
                raise RefusedError(f"program {program['path']}", f"is no file in {program['artifact']}")
            with source, temporary.open("wb") as copy:
                shutil.copyfileobj(source, copy, CHUNK)
        temporary.chmod(0o755)
        sync_file(temporary)
        temporary.replace(place)
        stamp.write_text(program["artifact"])
    return _link(folder.with_name("current"), folder) or changed


def _file(tar: tarfile.TarFile, path: str) -> IO[bytes] | None:
    """Return a plain file of a tar: a sparse one could be far larger than the tar."""
    member = next((member for member in tar if member.name == path), None)
    return tar.extractfile(member) if member and member.isreg() and not member.issparse() else None


def link_commands(release: dict[str, Any], target: BastionTarget) -> str:
    """Put `bedplate` and the programs for people on everyone's PATH."""
    target.commands.mkdir(parents=True, exist_ok=True)
    _link(target.commands / "bedplate", target.opt / "installer" / version_of(release) / "bedplate")
    for program in release["bastion"]["programs"]:
        if program["path"].endswith("/kubectl"):
            place = target.opt / program["component"] / "current" / program["path"]
            _link(target.commands / "kubectl", place)
    return "bedplate, kubectl"


def _link(link: Path, to: Path) -> bool:
    words = os.path.relpath(to, link.parent)
    if link.is_symlink() and os.readlink(link) == words:  # noqa: PTH115  Path.readlink would lose a trailing form
        return False
    temporary = link.with_name(f".{link.name}.part")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(words)
    temporary.replace(link)
    return True
