"""What releases have unpacked on a bastion, and how that goes which none of them needs any more.

/opt/bedplate/installer/<release>/      the installer and its Python environment
/opt/bedplate/<component>/<version>/    programs, of the installer and of the bastion as a host; `current` is a link
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bedplate.artifacts.find_program import INSTALLED
from bedplate.artifacts.kinds import source_kinds
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core import paths
from bedplate.core.errors import BedplateError

INSTALLER = "installer"
ASIDE = ".removed"
"""Ends the hidden name that a folder gets first: half of one never goes by its version, where its stamp would count."""


def unpacked_by(folder: Path) -> set[tuple[str, str]]:
    """Return what a release in the store may have unpacked: components with their versions, and its installer."""
    path = folder / bundle_layout.RELEASE
    if not path.exists():  # it comes last into the store, and nothing is unpacked before
        return {(INSTALLER, folder.name)}
    try:
        release = ReleaseFile.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        step = "carry its bundle in and run its install again, then remove"
        fact = f"in the store has no {bundle_layout.RELEASE} that can be read"
        raise BedplateError(f"release {folder.name}", fact, step) from error
    programs = {(program.component, program.version) for program in release.bastion.programs}
    versions = ((one.component, source_kinds()[one.kind].component_version(one)) for one in release.artifacts)
    hosts = {(component, version) for component, version in versions if component and version}
    return {(INSTALLER, folder.name)} | programs | hosts


@dataclass(frozen=True, slots=True)
class UnpackedPrograms:
    """The places.

    Attributes:
        opt: where all is unpacked.
        commands: the folder on everyone's PATH, whose links lead there.
    """

    opt: Path = INSTALLED
    commands: Path = Path("/usr/local/bin")

    def remove_unused(self, kept: Iterable[Path], gone: Iterable[Path]) -> int:
        """Remove the versions that no release names and no link leads to; return their number. It can be repeated.

        The installer that runs stays. So does the folder of a component that no release here has ever named.

        Args:
            kept: folders of the store's releases.
            gone: folders of those whose removal began; what cannot be read of them names nothing.
        """
        used = {pair for folder in kept for pair in unpacked_by(folder)}
        components = {component for component, _ in used} | {INSTALLER}
        components |= {component for folder in gone for component in _components(folder)}
        reached, count = self._reached(), 0
        for component in sorted(components):
            for left in (self.opt / component).glob(f".*{ASIDE}"):
                shutil.rmtree(left)
            for folder in self._versions(component):
                if (component, folder.name) not in used and not _holds(folder, reached):
                    _discard(folder)
                    count += 1
        return count

    def _versions(self, component: str) -> list[Path]:
        found = (self.opt / component).glob("*")
        return sorted(p for p in found if p.is_dir() and not p.is_symlink() and not p.name.startswith("."))

    def _reached(self) -> list[Path]:
        """Return where links lead, and where this very program is."""
        links = (*self.commands.glob("*"), *self.opt.glob("*"), *self.opt.glob("*/*"))
        return [paths.SOURCE, *(_real(path) for path in links if path.is_symlink())]


def _components(folder: Path) -> Iterator[str]:
    try:
        yield from (component for component, _ in unpacked_by(folder))
    except BedplateError:
        return


def _holds(folder: Path, reached: Iterable[Path]) -> bool:
    return any(path.is_relative_to(_real(folder)) for path in reached)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # unlike Path.resolve it takes links that lead in a circle


def _discard(folder: Path) -> None:
    aside = folder.with_name(f".{folder.name}{ASIDE}")
    folder.rename(aside)
    shutil.rmtree(aside)
