"""The strict pydantic base class of every model."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

MIN_WORDS = 3


def _sentence(text: str) -> str:
    if len(text.split()) < MIN_WORDS:
        raise ValueError(f"{text!r} is not a sentence: say why, so that a reviewer can judge it")
    return text


Sentence = Annotated[str, AfterValidator(_sentence)]
"""The reason for an exception, as a sentence; a word such as `ok` is refused."""


class Model(BaseModel):
    """A model that refuses unknown keys and is immutable; pydantic builds its schema on first use."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True)
