"""The strict base of every model."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

FEWEST_WORDS = 3


def _sentence(text: str) -> str:
    if len(text.split()) < FEWEST_WORDS:
        raise ValueError(f"{text!r} is no sentence: say why, so that the next one can judge it")
    return text


Sentence = Annotated[str, AfterValidator(_sentence)]
"""A reason that somebody gives for an exception; a word such as `ok` is none."""


class Model(BaseModel):
    """Unknown keys are errors, and a loaded model never changes; its schema is built when it is first used."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True)
