"""The artifacts that a component declares: what all have, and the list that each source kind adds its own model to."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field, SerializeAsAny, ValidationError
from pydantic_core import PydanticCustomError

from bedplate.config.base import Model


class Artifact(Model):
    """What every artifact has. A subclass is the declaration of one source kind, and is known once it is imported."""

    kind: str = Field(description="source kind")
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$", description="unique name in the release")
    licence: str = Field("", description="SPDX expression, where the package does not say it")

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Add a subclass to the known declarations, by the kind it is for."""
        (kind,) = get_args(cls.model_fields["kind"].annotation)
        MODELS[kind] = cls


MODELS: dict[str, type[Artifact]] = {}
"""The declaration of each source kind. The layer `artifacts` fills it (`artifacts.load_release`)."""


def _of_kind(value: Any) -> Any:
    """Return a mapping of component.yaml as the model of its kind."""
    if not isinstance(value, dict):
        return value
    kind, known = value.get("kind"), ", ".join(sorted(MODELS)) or "none"
    if kind not in MODELS:
        raise ValueError(f"{kind!r} is not a source kind that components declare; there are: {known}")
    try:
        return MODELS[kind].model_validate(value)
    except ValidationError as error:
        facts = [f"{'.'.join(map(str, fact['loc']))}: {fact['msg']}" for fact in error.errors()]
        text = f"{value.get('id', 'without id')} of kind {kind}: {'; '.join(facts)}"
        raise PydanticCustomError("artifact", "{text}", {"text": text}) from error


AnyArtifact = Annotated[SerializeAsAny[Artifact], BeforeValidator(_of_kind)]
"""An artifact of any kind, as component.yaml lists it."""
