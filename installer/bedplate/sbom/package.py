"""One package that is inside an artifact."""

from __future__ import annotations

from enum import StrEnum

from packageurl import PackageURL
from pydantic import Field

from bedplate.config.base import Model


class Ecosystem(StrEnum):
    """Where packages come from, as package URLs name it."""

    DEBIAN = "deb"
    GO = "golang"
    PYTHON = "pypi"
    NPM = "npm"


class Package(Model):
    """A package as its own metadata names it."""

    ecosystem: Ecosystem
    name: str
    version: str
    licence: str = Field("", description="SPDX expression; empty where the package does not say one")
    architecture: str = Field("", description="Debian packages alone")
    source: str = Field("", description="Debian packages alone: name@version of the source package")
    go_sum: str = Field("", description="Go modules alone: h1:… as in go.sum")
    sha512: str = Field("", description="npm packages alone: the integrity that their lock has, in hex")
    sha256: str = Field("", description="digest of the file it was installed from, where the lock has it")

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what makes two packages the same one."""
        return (self.ecosystem, self.name, self.version)

    def purl(self, distribution: str) -> PackageURL:
        """Return the package URL (https://github.com/package-url/purl-spec).

        Args:
            distribution: the hosts' distribution, such as debian-12, for Debian packages.
        """
        namespace, _, name = self.name.rpartition("/")
        match self.ecosystem:
            case Ecosystem.DEBIAN:
                upstream = self.source if self.source != f"{self.name}@{self.version}" else ""
                asked = {"arch": self.architecture, "distro": distribution, "upstream": upstream}
                qualifiers = {key: value for key, value in asked.items() if value}
                return PackageURL("deb", "debian", self.name, self.version, qualifiers)
            case Ecosystem.PYTHON:
                return PackageURL("pypi", None, self.name.lower().replace("_", "-"), self.version)
            case _:
                return PackageURL(self.ecosystem, namespace or None, name, self.version)
