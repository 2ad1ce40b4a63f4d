"""How component.yaml declares programs and files of a Go module."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from bedplate.config.artifact import Artifact
from bedplate.config.base import Model


class Embed(Model):
    """Files of another artifact that are put into the module's sources before it is compiled."""

    artifact: str = Field(description="id of the artifact, a tar, whose files are used")
    path: str = Field(".", description="file or folder inside that artifact")
    to: str = Field(description="path in the module's source tree")


class GoArtifact(Artifact):
    """Programs compiled from a Go module: a tar with ``bin/<program>`` and ``files/<path>``.

    Sources: https://go.dev/ref/mod (modules), https://go.dev/ref/mod#go-mod-file-replace.
    """

    has_programs: ClassVar[bool] = True

    kind: Literal["go"]
    module: str = Field(description="module path")
    version: str = Field("v{version}", description="module version")
    packages: list[str] = Field(description="main packages, as full import paths; unused with main")
    main: str = Field("", description="file in the component's folder that is the program's own main package")
    program: str = Field("", description="name of the one program, if it differs from its package's")
    requires: list[str] = Field(default_factory=list, description="more modules to pin, each path@version")
    replace: list[str] = Field(default_factory=list, description="replace lines: 'path => path version'")
    tags: list[str] = Field(default_factory=list, description="build tags")
    ldflags: list[str] = Field(default_factory=list, description="linker flags in addition to -s -w, such as -X a.b=c")
    embed: list[Embed] = Field(default_factory=list, description="files put into the module before compiling")
    add: dict[str, str] = Field(
        default_factory=dict, description="path in the module's source tree to a file in the component's folder"
    )
    generate: list[str] = Field(
        default_factory=list, description="packages of the module to run (go run) before compiling"
    )
    files: list[str] = Field(
        default_factory=list, description="globs of the module's own files (CRDs, manifests) kept under files/"
    )

    def is_used_by_hosts(self) -> bool:
        """Return whether the artifact has files (CRDs, manifests), which are applied from it."""
        return bool(self.files)
