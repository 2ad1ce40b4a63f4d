"""How component.yaml declares a single file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bedplate.config.artifact import Artifact


class FileArtifact(Artifact):
    """One file: of the component's own folder, or from a URL with its digest."""

    kind: Literal["file"]
    url: str = Field(description="a URL, from which any mirror may serve it, or a path in the component's folder")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="digest of the content")
