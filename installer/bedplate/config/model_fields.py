"""The fields of a model: of a pydantic model, or of a plain dataclass that pydantic validates."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeGuard, get_type_hints

from pydantic.fields import FieldInfo

from bedplate.config.base import Model


def is_model(kind: Any) -> TypeGuard[type[Any]]:
    """Return whether a type describes a mapping with fixed keys."""
    return isinstance(kind, type) and (issubclass(kind, Model) or dataclasses.is_dataclass(kind))


def fields_of(kind: type[Any]) -> Mapping[str, FieldInfo]:
    """Return the fields of a model by the names of its attributes; a field's alias is its key in a file."""
    if issubclass(kind, Model):
        return kind.model_fields
    hints = get_type_hints(kind, include_extras=True)
    # The types of pydantic do not say so, but this is how it reads dataclasses itself.
    return {one.name: FieldInfo.from_annotated_attribute(hints[one.name], one) for one in dataclasses.fields(kind)}
