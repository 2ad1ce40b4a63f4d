"""Read release.yaml or component.yaml into its model, and fill in ``{version}``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from bedplate.config.base import Model
from bedplate.core.errors import InputError, SourceLocation

M = TypeVar("M", bound=Model)


def read_yaml(path: Path, model: type[M], values: dict[str, str]) -> M:
    """Read a YAML file into a model, with ``{key}`` replaced by its value in every string."""
    try:
        data = _fill(yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader), values)
        given = model.model_validate({**data, **values})
        return model.model_validate(_fill(given.model_dump(), values))  # defaults may contain {version}
    except (yaml.YAMLError, ValidationError) as error:
        fact = " ".join(line.strip() for line in str(error).splitlines()[:4])
        hint = f"see docs/reference/{path.stem}.md"
        raise InputError(path.parent.name, fact, hint, SourceLocation(str(path))) from error


def _fill(value: Any, values: dict[str, str]) -> Any:
    match value:
        case str():
            for key, text in values.items():
                value = value.replace("{" + key + "}", text)
            return value
        case list():
            return [_fill(item, values) for item in value]
        case dict():
            return {key: _fill(item, values) for key, item in value.items()}
        case _:
            return value
