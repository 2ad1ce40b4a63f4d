"""Ecosystems of packages: how packages are recognized in files, named, and matched with advisories."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import IO, Any, ClassVar

from packageurl import PackageURL

from bedplate.artifacts.package import Package

LARGEST_TEXT = 16 << 20


@dataclass(frozen=True, slots=True)
class AdvisorySubject:
    """What advisories call a package.

    Attributes:
        name: its name there.
        version: the version that they mean.
        suite: the release of its distribution; empty if it has none.
    """

    name: str
    version: str
    suite: str = ""


class Ecosystem(ABC):
    """One ecosystem of packages; a source kind returns its own (`SourceKind.ecosystem`).

    Attributes:
        purl_type: what package URLs call it (https://github.com/package-url/purl-spec).
        osv_name: what advisories call it (https://ossf.github.io/osv-schema/#defined-ecosystems).
        is_database: its metadata is one file with all installed packages, which a package manager keeps.
    """

    purl_type: ClassVar[str]
    osv_name: ClassVar[str]
    is_database: ClassVar[bool] = False

    @abstractmethod
    def has_metadata(self, path: str, size: int) -> bool:
        """Return whether a file of this name and size may say which packages are installed."""

    @abstractmethod
    def read_packages(self, file: IO[bytes]) -> list[Package]:
        """Return the packages that such a file names; none if it only looked like one."""

    @abstractmethod
    def parse_version(self, text: str) -> Any:
        """Return a version that can be compared with others of the ecosystem; raise ValueError if it is not one."""

    def purl(self, package: Package, distribution: str) -> PackageURL:
        """Return a package's URL.

        Args:
            package: the package.
            distribution: the hosts' distribution and release, such as debian-12.
        """
        namespace, _, name = package.name.rpartition("/")
        return PackageURL(self.purl_type, namespace or None, name, package.version)

    def advisory_subject(self, purl: PackageURL) -> AdvisorySubject:
        """Return what advisories call the package of a URL."""
        return AdvisorySubject("/".join(filter(None, (purl.namespace, purl.name))), purl.version or "")

    def normalized_name(self, name: str) -> str:
        """Return the spelling of a name that is compared."""
        return name

    def linked_digest(self, package: Package) -> dict[str, str]:
        """Return the digest of a package that is linked into programs; {} if packages are not linked.

        Form: https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md.
        """
        return {}


def read_text(file: IO[bytes]) -> str:
    """Return the text of a small file."""
    return file.read(LARGEST_TEXT).decode(errors="replace")
