"""What a distribution is: everything that Bedplate does differently on hosts of another one.

A distribution is one folder, distributions/<name>/, with `DISTRIBUTION` in <name>_distribution.py, next to the source
kind of its packages (artifacts/<kind>/) and the role that configures its package source: see
docs/how-to/add-a-distribution.md.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core.errors import BedplateError
from bedplate.core.file_tree import TreeFile


@dataclass(frozen=True, slots=True)
class OsRelease:
    """What a host's /etc/os-release says about its distribution.

    Attributes:
        id: ID, such as debian.
        codename: VERSION_CODENAME, such as bookworm; empty on distributions that have none, such as RHEL.
        version: VERSION_ID, such as 12 or 9.4.
    """

    id: str
    codename: str
    version: str


class Distribution(ABC):
    """One distribution.

    Attributes:
        name: ID in /etc/os-release, and in `platform.distribution` of release.yaml; its folder's name.
        package_kind: the source kind of its packages.
        suites: the names of its releases, as in `platform.suite` of release.yaml, to their numbers.
        python: version of the hosts' Python, for which wheels are chosen.
        glibc: version of the hosts' C library: wheels for newer ones would not run.
        list_packages: shell command that prints the names of a host's installed packages, one per line.
        list_held: shell command that prints the names of packages that the host's owner has put on hold.
        query_packages: shell command that prints name and version of those of its arguments that are installed.
        list_repositories: shell command that prints the URLs of a host's package repositories, one per line.
        repository: folder of the mirror that its package repository is in.
        index: file in the repository whose signature covers all of it.
        signature: file in the repository with that signature.
        package_source_role: role that makes the mirror a host's package source and installs its packages.
        conflicting_packages: packages that must not be installed on a host, because they contend with the release's.
        package_names: packages of components (`hosts.packages`) that have other names here: to their names.
        role_variables: for each role whose defaults do not fit (paths, units, users): its variables.
    """

    name: ClassVar[str]
    package_kind: ClassVar[str]
    suites: ClassVar[Mapping[str, str]]
    python: ClassVar[tuple[int, int]]
    glibc: ClassVar[tuple[int, int]]
    list_packages: ClassVar[str]
    list_held: ClassVar[str]
    query_packages: ClassVar[str]
    list_repositories: ClassVar[str]
    repository: ClassVar[str]
    index: ClassVar[str]
    signature: ClassVar[str]
    package_source_role: ClassVar[str]
    conflicting_packages: ClassVar[tuple[str, ...]] = ()
    package_names: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    role_variables: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    @abstractmethod
    def runs_on(self, host: OsRelease, suite: str) -> bool:
        """Return whether a host runs a release of this distribution.

        Args:
            host: from its /etc/os-release.
            suite: the wanted release.
        """

    @abstractmethod
    def package_version(self, entry_name: str) -> tuple[str, str]:
        """Return name and version of a locked package, from its id without the kind."""

    @abstractmethod
    def entry_name(self, name: str, version: str, architecture: str) -> str:
        """Return a locked package's id without the kind, as `package_version` reads it."""

    @abstractmethod
    def is_newer(self, version: str, other: str) -> bool:
        """Return whether a package's version is newer than another one, as the package manager compares them."""

    @abstractmethod
    def closure(self, roots: Iterable[str], packages: Mapping[str, Path]) -> list[str]:
        """Return the ids of all packages that some packages need; BedplateError where one is not there.

        Args:
            roots: names of packages.
            packages: a set that is complete, by id: the packages' files.
        """

    @abstractmethod
    def repository_tree(self, releases: Iterable[ReleaseFile], blobs: Path) -> dict[str, TreeFile]:
        """Return the package repository of some releases without its signature; {} where they have no packages."""

    @abstractmethod
    def sign(self, key_home: Path, index: bytes) -> bytes:
        """Return the signature file for an index, by the key in a folder of GnuPG."""

    @abstractmethod
    def is_signed(self, key_home: Path, index: bytes, signature: Path) -> bool:
        """Return whether a signature file is of this very index, by this key."""

    @abstractmethod
    def try_installation(
        self, repository: Path, packages: Sequence[str], architecture: str, scratch: Path
    ) -> list[BedplateError]:
        """Install packages and what they need into an empty folder, without a network; return what keeps them from it.

        Args:
            repository: folder of a repository that `repository_tree` describes.
            packages: names of packages.
            architecture: the hosts' architecture.
            scratch: folder for files while it runs.
        """

    @abstractmethod
    def make_root(self, packages: Mapping[str, Path], architecture: str, epoch: int, scratch: Path, out: Path) -> None:
        """Write the root file system that some packages make, and nothing else, as a tar.

        Args:
            packages: all that are installed: file name to blob, which is named by its sha256.
            architecture: the hosts' architecture.
            epoch: time of every file that installing makes.
            scratch: folder for files while it runs; on the same file system as the packages.
            out: the tar.
        """

    def own_names(self, packages: Iterable[str]) -> list[str]:
        """Return the distribution's names of packages that components name, in their order."""
        names = (name for package in packages for name in self.package_names.get(package, (package,)))
        return list(dict.fromkeys(names))

    def package_source_variables(
        self, mirror: str, key: str, packages: Mapping[str, str], pinned: Sequence[str], *, keep_site: bool
    ) -> dict[str, Any]:
        """Return the variables of package_source_role on a host.

        Args:
            mirror: name of the host that serves the repository.
            key: public key that verifies its signature.
            packages: what to install: names to versions; a host may have newer ones.
            pinned: packages that must have exactly this version.
            keep_site: whether the site's own package sources stay.
        """
        values = {
            "mirror": mirror,
            "key": key,
            "packages": dict(packages),
            "pinned": list(pinned),
            "keep_site": keep_site,
        }
        return {f"{self.package_source_role}_{name}": value for name, value in values.items()}

    def purl_name(self, suite: str) -> str:
        """Return a release as package URLs name it, such as debian-12."""
        return f"{self.name}-{self.suites[suite]}" if suite in self.suites else suite
