"""How component.yaml declares a single file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bedplate.config.artifact import Artifact


class FileArtifact(Artifact):
    """One file of the component's own folder, or of any place by its URL and digest."""

    kind: Literal["file"]
    url: str = Field(description="where it is had; any mirror of the same digest will do")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="digest of the content")
