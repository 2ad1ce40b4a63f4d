"""A component: one part of the platform (manifests/<component>/component.yaml).

This is the component contract: the engine, the bundle and the stacks know a component only
through these fields. ``{version}`` in any string stands for the version that the release gives.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from bedplate.config.artifact import AnyArtifact
from bedplate.config.base import Model, Sentence
from bedplate.config.diff_rule import DiffRule


class ImageFile(Model):
    """Content of an image that comes from an artifact or from the component's folder."""

    artifact: str = Field("", description="id of the artifact")
    local: str = Field("", description="or a file or folder in the component's own folder")
    path: str = Field(".", description="file or folder inside the artifact")
    to: str = Field(description="absolute place in the image")
    mode: str = Field("0755", description="octal mode of a single file")


class Image(Model):
    """An image built from locked packages; it keeps the name that upstream gave it."""

    name: str = Field(description="name with registry, as manifests write it, without tag")
    tag: str = Field("v{version}", description="tag, equal to the version really built")
    debs: list[str] | None = Field(
        None, description="Debian packages on the base image; [] is the base alone, none means from scratch"
    )
    wheels: list[str] = Field(default_factory=list, description="Python requirements, unpacked to /opt/bedplate/python")
    files: list[ImageFile] = Field(default_factory=list, description="more content")
    links: dict[str, str] = Field(default_factory=dict, description="symbolic links: place to target")
    folders: dict[str, str] = Field(default_factory=dict, description="empty folders: place to octal mode")
    user: str = Field("65532:65532", description="user[:group] the process runs as")
    workdir: str = Field("/", description="working folder")
    env: dict[str, str] = Field(default_factory=dict, description="environment variables")
    entrypoint: list[str] = Field(default_factory=list, description="command")
    cmd: list[str] = Field(default_factory=list, description="default arguments")


class Binary(Model):
    """A program that runs on the hosts, kept in /opt/bedplate/<component>/<version>/."""

    artifact: str = Field(description="id of the artifact")
    path: str = Field(description="place inside the artifact")


class Hosts(Model):
    """What a component needs on the hosts."""

    groups: list[Literal["bastion", "control_plane", "workers", "mirror"]] = Field(
        ["control_plane", "workers"],
        description="groups of hosts.yaml it is needed on; mirror: those that serve images besides the bastion",
    )
    packages: list[str] = Field(default_factory=list, description="Debian packages, with their closure in the mirror")
    binaries: list[Binary] = Field(default_factory=list, description="programs the roles install")
    services: list[str] = Field(default_factory=list, description="systemd units that must be active there")


class Secret(Model):
    """A value generated once per environment, kept on the bastion and read from there by the stack."""

    name: str = Field(description="Kubernetes Secret's name")
    key: str = Field(description="key in the Secret")
    namespace: str = Field("", description="namespace; empty: the component's own")
    kind: Literal["password", "hex", "file", "certificate", "certificate-key", "users"] = Field(
        "password",
        description="password: 32 letters and digits; hex: 64 hex digits; file: read from `path`; "
        "certificate, certificate-key: a pair signed by the environment's CA for `hosts`; "
        "users: the environment's identity.users file",
    )
    path: str = Field("", description="for kind file: the place on the bastion")
    hosts: list[str] = Field(
        default_factory=list, description="for certificates: DNS names; {domain} is the environment's"
    )


class ScrapeTarget(Model):
    """A metrics endpoint the monitoring layer reads; the provider (Prometheus) answers."""

    job: str = Field(description="job label")
    service: str = Field("", description="Service in the component's namespace whose endpoints are read")
    port: str = Field("", description="name of the Service's port")
    path: str = Field("/metrics", description="HTTP path")
    scheme: Literal["http", "https"] = Field("http", description="scheme")


class CodeReference(Model):
    """An image that appears in no rendered object: a default in code."""

    image: str = Field(description="full name with tag")
    why: str = Field(description="where the code names it")


class AllowedReference(Model):
    """Something that is named and deliberately not in the bundle: an image, or a package that another asks for."""

    image: str = Field("", description="the reference; without a tag where the tag is decided elsewhere")
    deb: str = Field("", description="or what a Debian package depends on: 'package: dependency'")
    wheel: str = Field("", description="or what a wheel requires: 'name: requirement'")
    reason: Sentence = Field(description="a sentence: why it is never pulled")

    @model_validator(mode="after")
    def check_one(self) -> Self:
        """Refuse an exception for nothing, and one for several things at once."""
        if sum(map(bool, (self.image, self.deb, self.wheel))) != 1:
            raise ValueError("give one of image, deb and wheel")
        return self


class Component(Model):
    """The file component.yaml."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="the folder's name")
    version: str = Field("", description="filled from the release; never written in the file")
    summary: str = Field(description="one line: what it is for")
    layer: str = Field(description="bundle (used by the installer), hosts, or a Pulumi layer's name")
    namespace: str = Field("", description="namespace of its objects")
    requires: list[str] = Field(default_factory=list, description="components of the same layer that come first")
    artifacts: list[AnyArtifact] = Field(default_factory=list, description="what is fetched and built")
    images: list[Image] = Field(default_factory=list, description="images built from artifacts and packages")
    references: list[CodeReference] = Field(default_factory=list, description="images in code defaults")
    allow: list[AllowedReference] = Field(default_factory=list, description="exceptions of the closure")
    hosts: Hosts = Field(default_factory=Hosts, description="what it needs on the hosts")
    secrets: list[Secret] = Field(default_factory=list, description="values to generate")
    scrape: list[ScrapeTarget] = Field(default_factory=list, description="metrics endpoints")
    rules: list[DiffRule] = Field(
        default_factory=list, description="what changes of its objects do, for `bedplate diff`"
    )
