"""The strict base of every model."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Unknown keys are errors, and a loaded model never changes; its schema is built when it is first used."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True)
