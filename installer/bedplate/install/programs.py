"""Installation of the programs that Bedplate runs on the bastion, and of the commands in /usr/local/bin."""

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
    """Unpack programs to /opt/bedplate/<component>/<version>/ and link `current` to it."""
    changed = [p["path"].rpartition("/")[2] for p in release["bastion"]["programs"] if _install_program(p, target)]
    return ", ".join(changed) or "already installed"


def _install_program(program: dict[str, str], target: BastionTarget) -> bool:
    folder = target.opt / program["component"] / program["version"]
    path, stamp = folder / program["path"], folder / f".{program['path'].replace('/', '-')}.digest"
    changed = not (path.exists() and stamp.exists() and stamp.read_text() == program["artifact"])
    if changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.part")
        with open_tar(target.blob(program["artifact"])) as tar:
            source = _file(tar, program["path"])
            if source is None:
                raise RefusedError(
                    f"program {program['path']}", f"is not a file in {program['artifact']}", "ask the publisher"
                )
            with source, temporary.open("wb") as copy:
                shutil.copyfileobj(source, copy, CHUNK)
        temporary.chmod(0o755)
        sync_file(temporary)
        temporary.replace(path)
        stamp.write_text(program["artifact"])
    return _link(folder.with_name("current"), folder) or changed


def _file(tar: tarfile.TarFile, path: str) -> IO[bytes] | None:
    """Open a plain file in a tar; a sparse file could be far larger than the tar."""
    member = next((member for member in tar if member.name == path), None)
    return tar.extractfile(member) if member and member.isreg() and not member.issparse() else None


def link_commands(release: dict[str, Any], target: BastionTarget) -> str:
    """Link `bedplate` and `kubectl` into the folder on everyone's PATH."""
    target.commands.mkdir(parents=True, exist_ok=True)
    _link(target.commands / "bedplate", target.opt / "installer" / version_of(release) / "bedplate")
    for program in release["bastion"]["programs"]:
        if program["path"].endswith("/kubectl"):
            _link(target.commands / "kubectl", target.opt / program["component"] / "current" / program["path"])
    return "bedplate, kubectl"


def _link(link: Path, to: Path) -> bool:
    relative = os.path.relpath(to, link.parent)
    if link.is_symlink() and os.readlink(link) == relative:  # noqa: PTH115  Path.readlink would normalize the text
        return False
    temporary = link.with_name(f".{link.name}.part")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(relative)
    temporary.replace(link)
    return True
