"""Reference pages of models such as environment.yaml: a section for each mapping, a row for each field."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo

from bedplate.artifacts import kinds
from bedplate.config.artifact import MODELS, Artifact
from bedplate.config.base import Model
from bedplate.config.model_fields import fields_of, is_model

SCALARS = {str: "text", int: "whole number", bool: "true or false", float: "number", Any: "anything"}
NETWORK = {"IPv4Address": "IPv4 address", "IPv4Network": "IPv4 range"}


def page(model: type[Model], title: str, introduction: str) -> str:
    """Return the page of a model and of every model inside it."""
    parts = [f"# {title}\n", introduction.strip() + "\n"]
    for number, inner in enumerate(_all(model, [])):
        if number:
            parts.append(f"## {_name(inner)}\n")
            parts.append(cleandoc(inner.__doc__ or "").replace("``", "`") + "\n")
        parts.append(_table(inner))
    return "\n".join(parts)


def _all(model: type[Any], seen: list[type[Any]]) -> list[type[Any]]:
    """Return a model and those inside it, each once, in the order of the fields."""
    if model not in seen:
        seen.append(model)
        for field in fields_of(model).values():
            for inner in _models(field.annotation):
                _all(inner, seen)
    return seen


def _models(kind: Any) -> Iterator[type[Any]]:
    if kind is Artifact:
        yield from _declarations()
    elif is_model(kind):
        yield kind
    for argument in get_args(kind):
        yield from _models(argument)


def _declarations() -> list[type[Model]]:
    """Return the declaration of each source kind, instead of the general model of an artifact."""
    kinds.load_declarations()
    return [MODELS[kind] for kind in sorted(MODELS)]


def _table(model: type[Any]) -> str:
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for attribute, field in fields_of(model).items():
        cells = (f"`{field.alias or attribute}`", _kind(field.annotation), _default(field), field.description or "")
        rows.append("| " + " | ".join(_escaped(cell) for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _escaped(text: str) -> str:
    """Return text for a table cell; outside code, '<' would begin HTML."""
    parts = text.replace("|", "\\|").split("`")
    return "`".join(part if number % 2 else part.replace("<", "\\<") for number, part in enumerate(parts))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*required*"
    value = field.get_default(call_default_factory=True)
    if value in (None, "", [], {}, ()) or isinstance(value, Model):
        return ""
    items = [item.model_dump(by_alias=True, mode="json") if isinstance(item, Model) else item for item in _items(value)]
    plain = items if isinstance(value, list | tuple) else value
    return f"`{yaml.safe_dump(plain, default_flow_style=True, width=1000, sort_keys=False).split(chr(10))[0]}`"


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _kind(kind: Any) -> str:
    """Return a type in words."""
    origin, arguments = get_origin(kind), [a for a in get_args(kind) if a is not NoneType]
    match origin:
        case None:
            words = _plain(kind)
        case _ if origin is Annotated:
            words = _kind(arguments[0])
        case _ if origin is Literal:
            words = " or ".join(f"`{argument}`" for argument in arguments if argument != "")
        case _ if origin in (Union, UnionType):
            words = " or ".join(_kind(argument) for argument in arguments)
        case _ if origin is dict:
            words = f"mapping of {_kind(arguments[0])} to {_kind(arguments[1])}"
        case _:
            words = f"list of {_kind(arguments[0])}"
    return words


def _plain(kind: Any) -> str:
    if kind is Artifact:
        return " or ".join(_plain(model) for model in _declarations())
    if is_model(kind):
        return f"[{_name(kind)}](#{_name(kind).lower().replace(' ', '-')})"
    name = getattr(kind, "__name__", str(kind))
    return SCALARS.get(kind, NETWORK.get(name, name))


def _name(model: type[Any]) -> str:
    """Return a class name in words: GoArtifact → Go artifact."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in model.__name__).split()
    return " ".join(words).capitalize()
