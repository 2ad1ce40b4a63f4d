"""The strict base of every model."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Unknown keys are errors, and a loaded model never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
