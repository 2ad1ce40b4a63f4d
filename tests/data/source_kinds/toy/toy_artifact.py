"""How component.yaml declares a toy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bedplate.config.artifact import Artifact


class ToyArtifact(Artifact):
    """A text."""

    kind: Literal["toy"]
    text: str = Field(description="the text")
