"""A package inside an artifact, and the packages of one blob."""

from __future__ import annotations

from pydantic import Field

from bedplate.config.base import Model


class Package(Model):
    """A package as its own metadata names it."""

    ecosystem: str = Field(description="type of its package URL, such as pypi")
    name: str
    version: str
    licence: str = Field("", description="SPDX expression; empty if the package does not state it")
    architecture: str = Field("", description="packages of a distribution alone")
    source: str = Field("", description="packages of a distribution alone: name@version of the source package")
    go_sum: str = Field("", description="Go modules alone: h1:… as in go.sum")
    sha512: str = Field("", description="npm packages alone: the integrity that their lock has, in hex")
    sha256: str = Field("", description="digest of the file it was installed from, if the lock has it")

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what identifies a package."""
        return (self.ecosystem, self.name, self.version)


class Contents(Model):
    """The packages found in one blob."""

    installed: list[Package] | None = Field(
        None, description="what a package database lists; of an image, the topmost layer's counts"
    )
    packages: list[Package] = Field(default_factory=list, description="all others")
