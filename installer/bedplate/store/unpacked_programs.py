"""Programs that releases have unpacked on a bastion, and the removal of those that no release needs.

/opt/bedplate/installer/<release>/      the installer and its Python environment
/opt/bedplate/<component>/<version>/    programs of the installer and of the bastion as a host; `current` is a link
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
"""Suffix of the hidden name that a folder gets before removal, so that no half-removed folder has a version's name."""


def unpacked_by(folder: Path) -> set[tuple[str, str]]:
    """Return what a release in the store may have unpacked, as (component, version); the installer is one of them."""
    path = folder / bundle_layout.RELEASE
    if not path.exists():  # it is written last, and nothing is unpacked before
        return {(INSTALLER, folder.name)}
    try:
        release = ReleaseFile.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        step = "copy its bundle here and run its installer again, then remove it"
        fact = f"in the store has no {bundle_layout.RELEASE} that can be read"
        raise BedplateError(f"release {folder.name}", fact, step) from error
    programs = {(program.component, program.version) for program in release.bastion.programs}
    versions = ((one.component, source_kinds()[one.kind].component_version(one)) for one in release.artifacts)
    hosts = {(component, version) for component, version in versions if component and version}
    return {(INSTALLER, folder.name)} | programs | hosts


@dataclass(frozen=True, slots=True)
class UnpackedPrograms:
    """The folders of programs and commands on a bastion.

    Attributes:
        opt: where programs are unpacked.
        commands: the folder on everyone's PATH, with links to programs.
    """

    opt: Path = INSTALLED
    commands: Path = Path("/usr/local/bin")

    def remove_unused(self, kept: Iterable[Path], gone: Iterable[Path]) -> int:
        """Remove the versions that no release needs and no link points to; return their number. It can be repeated.

        The running installer stays. So do folders of components that no release here has ever had.

        Args:
            kept: folders of the store's releases.
            gone: folders of releases whose removal began; unreadable ones are ignored.
        """
        used = {pair for folder in kept for pair in unpacked_by(folder)}
        components = {component for component, _ in used} | {INSTALLER}
        components |= {component for folder in gone for component in _components(folder)}
        targets, count = self._link_targets(), 0
        for component in sorted(components):
            for leftover in (self.opt / component).glob(f".*{ASIDE}"):
                shutil.rmtree(leftover)
            for folder in self._versions(component):
                if (component, folder.name) not in used and not _contains_any(folder, targets):
                    _discard(folder)
                    count += 1
        return count

    def _versions(self, component: str) -> list[Path]:
        folders = (self.opt / component).glob("*")
        return sorted(p for p in folders if p.is_dir() and not p.is_symlink() and not p.name.startswith("."))

    def _link_targets(self) -> list[Path]:
        """Return the targets of links, and the path of the running installer."""
        links = (*self.commands.glob("*"), *self.opt.glob("*"), *self.opt.glob("*/*"))
        return [paths.SOURCE, *(_real(path) for path in links if path.is_symlink())]


def _components(folder: Path) -> Iterator[str]:
    try:
        yield from (component for component, _ in unpacked_by(folder))
    except BedplateError:
        return


def _contains_any(folder: Path, targets: Iterable[Path]) -> bool:
    return any(path.is_relative_to(_real(folder)) for path in targets)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # unlike Path.resolve it accepts circular links


def _discard(folder: Path) -> None:
    aside = folder.with_name(f".{folder.name}{ASIDE}")
    folder.rename(aside)
    shutil.rmtree(aside)
