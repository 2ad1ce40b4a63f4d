"""A component: one part of the platform (manifests/<component>/component.yaml).

The rest of the code knows a component only through these fields (contract 13, docs/explanation/design.md).
``{version}`` in any string is replaced by the version in release.yaml.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from bedplate.config.artifact import AnyArtifact
from bedplate.config.base import Model, Sentence
from bedplate.config.diff_rule import DiffRule


class ImageFile(Model):
    """Files of an image that come from an artifact or from the component's folder."""

    artifact: str = Field("", description="id of the artifact")
    local: str = Field("", description="instead of artifact: a file or folder in the component's own folder")
    path: str = Field(".", description="file or folder inside the artifact")
    to: str = Field(description="absolute path in the image")
    mode: str = Field("0755", description="octal mode of a single file")


class Image(Model):
    """An image built from locked packages; it keeps the name that upstream gave it."""

    name: str = Field(description="name with registry, as manifests write it, without tag")
    tag: str = Field("v{version}", description="tag; must be the version that is really built")
    debs: list[str] | None = Field(
        None, description="Debian packages on top of the base image; []: only the base; absent: no base"
    )
    wheels: list[str] = Field(default_factory=list, description="Python requirements, unpacked to /opt/bedplate/python")
    files: list[ImageFile] = Field(default_factory=list, description="files from artifacts or the component's folder")
    links: dict[str, str] = Field(default_factory=dict, description="symbolic links: path to target")
    folders: dict[str, str] = Field(default_factory=dict, description="empty folders: path to octal mode")
    user: str = Field("65532:65532", description="user[:group] that the process runs as")
    workdir: str = Field("/", description="working folder")
    env: dict[str, str] = Field(default_factory=dict, description="environment variables")
    entrypoint: list[str] = Field(default_factory=list, description="command")
    cmd: list[str] = Field(default_factory=list, description="default arguments")


class Binary(Model):
    """A program that runs on the hosts, kept in /opt/bedplate/<component>/<version>/."""

    artifact: str = Field(description="id of the artifact")
    path: str = Field(description="path inside the artifact")


class Hosts(Model):
    """What a component needs on the hosts."""

    groups: list[Literal["bastion", "control_plane", "workers", "mirror"]] = Field(
        ["control_plane", "workers"],
        description="groups of hosts.yaml that need it; mirror: the hosts that serve images in addition to the bastion",
    )
    packages: list[str] = Field(
        default_factory=list,
        description="host packages, by Debian's names; the mirror has them with dependencies",
    )
    pinned: list[str] = Field(
        default_factory=list,
        description="host packages, by Debian's names, or dependencies of theirs, that a host has in exactly the "
        "release's version; it may have newer ones of all others",
    )
    binaries: list[Binary] = Field(default_factory=list, description="programs that the roles install")
    services: list[str] = Field(default_factory=list, description="systemd units that must be active")


class Secret(Model):
    """A value that is generated once per environment and kept on the bastion, where the stack reads it."""

    name: str = Field(description="Kubernetes Secret's name")
    key: str = Field(description="key in the Secret")
    namespace: str = Field("", description="namespace; empty: the component's own")
    kind: Literal["password", "hex", "file", "certificate", "certificate-key", "users"] = Field(
        "password",
        description="password: 32 letters and digits; hex: 64 hex digits; file: read from `path`; "
        "certificate, certificate-key: a pair signed by the environment's CA for `hosts`; "
        "users: the environment's identity.users file",
    )
    path: str = Field("", description="for kind file: the path on the bastion")
    hosts: list[str] = Field(
        default_factory=list, description="for certificates: DNS names; {domain} is the environment's domain"
    )


class ScrapeTarget(Model):
    """A metrics endpoint that Prometheus scrapes."""

    job: str = Field(description="job label")
    service: str = Field("", description="Service in the component's namespace whose endpoints are read")
    port: str = Field("", description="name of the Service's port")
    path: str = Field("/metrics", description="HTTP path")
    scheme: Literal["http", "https"] = Field("http", description="scheme")
    labels: Literal["target", "own"] = Field(
        "target",
        description="own: labels that the metrics have already, such as namespace and pod, win over the target's",
    )


class CodeReference(Model):
    """An image that no rendered object names, because it is a default in a program's code."""

    image: str = Field(description="full name with tag")
    why: str = Field(description="where it is in the code")


class AllowedReference(Model):
    """A reference to something that is deliberately not in the bundle: an image, or a package that another requires.

    A source kind whose packages require others has a key with its name, such as `deb`.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str]
    package_kinds: ClassVar[set[str]] = set()
    """Names of the source kinds. The layer `artifacts` fills it (`artifacts.load_release`)."""

    image: str = Field("", description="the image; without a tag if the tag is decided elsewhere")
    deb: str = Field("", description="instead of image: a dependency of a Debian package, as 'package: dependency'")
    wheel: str = Field("", description="instead of image: a requirement of a wheel, as 'name: requirement'")
    reason: Sentence = Field(description="a sentence: why it is not needed in the bundle")

    @model_validator(mode="after")
    def check_one(self) -> Self:
        """Refuse an exception unless it names exactly one thing."""
        known = {name: None for name in (*type(self).model_fields, *sorted(self.package_kinds)) if name != "reason"}
        if unknown := self.__pydantic_extra__.keys() - known.keys():
            raise ValueError(f"{min(unknown)}: is not one of {', '.join(known)} and reason")
        if sum(bool(getattr(self, name, "")) for name in known) != 1:
            raise ValueError("give one of image, deb and wheel, or of another kind of package")
        return self


class Wait(Model):
    """Something that must hold in the cluster before what comes after the component is applied."""

    kind: Literal["established", "endpoints", "condition", "job"] = Field(
        description="established: a CustomResourceDefinition is served; endpoints: a Service has a pod that is ready; "
        "job: a Job is complete; condition: a condition or field of an object has a value"
    )
    name: str = Field(description="name of the object")
    namespace: str = Field("", description="namespace; empty: the component's own")
    object: str = Field("", description="for condition: the kind, such as clusterpolicies.nvidia.com")
    condition: str = Field("Ready", description="for condition: type of the condition")
    path: str = Field("", description="for condition: instead of `condition`, path of a field, such as status.state")
    value: str = Field("True", description="for condition: the value that is waited for")
    seconds: int = Field(300, ge=1, description="how long to wait at most")

    @model_validator(mode="after")
    def check_object(self) -> Self:
        """Refuse a condition of an unknown kind."""
        if (self.kind == "condition") != bool(self.object):
            raise ValueError("give `object` with kind condition, and only there")
        return self

    def __str__(self) -> str:
        """Return it for people."""
        what = f"{self.object}/{self.name}" if self.object else self.name
        return f"{self.kind} of {self.namespace}/{what}" if self.namespace else f"{self.kind} of {what}"


class Component(Model):
    """The file component.yaml."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="the folder's name")
    version: str = Field("", description="taken from the release; do not write it in the file")
    summary: str = Field(description="its purpose, in one line")
    layer: str = Field(description="bundle (the installer itself uses it), hosts, or the name of a Pulumi layer")
    namespace: str = Field("", description="namespace of its objects")
    requires: list[str] = Field(
        default_factory=list, description="components of the same or an earlier layer that come first"
    )
    artifacts: list[AnyArtifact] = Field(default_factory=list, description="what is fetched and built")
    images: list[Image] = Field(default_factory=list, description="images built from artifacts and packages")
    references: list[CodeReference] = Field(default_factory=list, description="images that are defaults in code")
    allow: list[AllowedReference] = Field(default_factory=list, description="exceptions from the completeness proof")
    hosts: Hosts = Field(default_factory=Hosts, description="what it needs on the hosts")
    secrets: list[Secret] = Field(default_factory=list, description="values to generate")
    scrape: list[ScrapeTarget] = Field(default_factory=list, description="metrics endpoints")
    waits: list[Wait] = Field(
        default_factory=list,
        description="what must hold before what comes after it: established and endpoints before its own custom "
        "resources, all before the components that require it",
    )
    rules: list[DiffRule] = Field(
        default_factory=list, description="what changes to its objects do, for `bedplate diff`"
    )
