"""How component.yaml declares what npm installs or builds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bedplate.config.artifact import Artifact


class NpmArtifact(Artifact):
    """What npm installs or builds: a tar of ``output``.

    Without ``module`` the component's folder holds package.json; with it, the page's sources
    are a folder of that Go artifact's module.
    """

    kind: Literal["npm"]
    package: str = Field("", description="package@version to install with its dependencies")
    module: str = Field("", description="path@version of the Go module whose sources hold the page")
    path: str = Field(".", description="folder of package.json in the sources")
    commands: list[list[str]] = Field(default_factory=list, description="commands run there, after npm ci")
    output: str = Field("node_modules", description="folder that is the artifact, relative to the sources")
