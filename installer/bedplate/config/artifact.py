"""The base model of the artifacts that a component declares, and the registry of models by source kind."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, get_args

from pydantic import BeforeValidator, Field, SerializeAsAny, ValidationError
from pydantic_core import PydanticCustomError

from bedplate.config.base import Model


class Artifact(Model):
    """The fields of every artifact. A subclass declares artifacts of one source kind, and is registered on import."""

    has_programs: ClassVar[bool] = False
    """Whether the artifact is a tar with `bin/<program>`."""

    kind: str = Field(description="source kind")
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$", description="unique name in the release")
    licence: str = Field("", description="SPDX expression, if the package does not state it")

    def is_used_by_hosts(self) -> bool:
        """Return whether hosts need the artifact itself, though no component names a program of it."""
        return False

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Register a subclass by its source kind."""
        (kind,) = get_args(cls.model_fields["kind"].annotation)
        MODELS[kind] = cls


MODELS: dict[str, type[Artifact]] = {}
"""The declaration of each source kind. The layer `artifacts` fills it (`artifacts.load_release`)."""


def entry_ids(artifact: str) -> list[str]:
    """Return the ids that an artifact of component.yaml may have in the lock: one for each kind."""
    return [f"{kind}:{artifact}" for kind in sorted(MODELS)]


def _of_kind(value: Any) -> Any:
    """Return a mapping in component.yaml as the model of its source kind."""
    if not isinstance(value, dict):
        return value
    kind, known = value.get("kind"), ", ".join(sorted(MODELS)) or "none"
    if kind not in MODELS:
        raise ValueError(f"{kind!r} is not a source kind that components can declare; possible: {known}")
    try:
        return MODELS[kind].model_validate(value)
    except ValidationError as error:
        facts = [f"{'.'.join(map(str, fact['loc']))}: {fact['msg']}" for fact in error.errors()]
        text = f"{value.get('id', 'without an id')} of kind {kind}: {'; '.join(facts)}"
        raise PydanticCustomError("artifact", "{text}", {"text": text}) from error


AnyArtifact = Annotated[SerializeAsAny[Artifact], BeforeValidator(_of_kind)]
"""An artifact of any kind, as component.yaml lists it."""
