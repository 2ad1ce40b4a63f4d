"""Validation of a YAML document against its pydantic model, with the line of each error and a suggestion."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bedplate.config.base import Model
from bedplate.config.environment_file import DNS_LABEL, DURATION, QUANTITY
from bedplate.config.model_fields import fields_of, is_model
from bedplate.config.yaml_document import KeyPath, YamlDocument
from bedplate.core.errors import BedplateError, InputError

M = TypeVar("M", bound=Model)

PATTERNS = {
    DNS_LABEL: "a name of lowercase letters, digits and hyphens",
    QUANTITY: "a quantity such as 500m or 2Gi",
    DURATION: "a whole number and a unit: h, d, w or y",
}
TYPE_NAMES = {
    "string_type": "text (put it in quotes)",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "dataclass_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "ip_v4_address": "an IPv4 address such as 10.20.0.11",
    "ip_v4_network": "an IPv4 range such as 10.20.0.0/16, with zeros after the prefix",
}
BOUNDS = {
    "greater_than_equal": "at least",
    "less_than_equal": "at most",
}


@dataclass(frozen=True, slots=True)
class ValidationResult(Generic[M]):
    """The outcome of validating a document.

    Attributes:
        model: the model. If there are errors, the model without the wrong values, so that rules can check the
            rest in the same pass; None if too little is left.
        errors: one per wrong or missing value.
        wrong: key paths of the errors.
    """

    model: M | None
    errors: list[BedplateError]
    wrong: list[KeyPath]


def validate(document: YamlDocument, model: type[M]) -> ValidationResult[M]:
    """Validate a document against a model; return its errors instead of raising them."""
    try:
        return ValidationResult(model.model_validate(document.data), [], [])
    except ValidationError as error:
        details = error.errors(include_url=False)
    errors: list[BedplateError] = [_error(document, model, detail) for detail in details]
    return ValidationResult(
        _without_wrong_values(document, model, details), errors, [_path(detail) for detail in details]
    )


def suggestion(name: str, names: Iterable[str], otherwise: str = "") -> str:
    """Return a hint: the closest possible name; failing that `otherwise`, or all possible names."""
    known = sorted(names)
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    close = close or [candidate for candidate in known if candidate.lower() == name.lower()]
    if close:
        return f"did you mean {close[0]}?"
    return otherwise or (f"possible here: {', '.join(known)}" if known else "delete it")


def _error(document: YamlDocument, model: type[Model], detail: ErrorDetails) -> InputError:
    key_path = _path(detail)
    subject = f"key {dotted(key_path)}"
    match detail["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            step = suggestion(str(key_path[-1]), _names(model, key_path[:-1]))
            return InputError(subject, "is unknown", step, document.key_location(key_path))
        case "missing":
            help_text = _help(model, key_path)
            return InputError(subject, "is missing", f"add it ({help_text})", document.key_location(key_path[:-1]))
        case _:
            location = document.key_location(key_path) if "[key]" in detail["loc"] else document.location(key_path)
            description = _help(model, key_path)
            hint = f"correct it ({description})" if description else "correct it"
            return InputError(subject, _fact(detail), hint, location)


def dotted(key_path: KeyPath) -> str:
    """Return a key path as text: tenants[0].name."""
    text = ""
    for part in key_path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _fact(detail: ErrorDetails) -> str:
    """Return what is wrong, in terms of YAML instead of pydantic's."""
    value = detail["input"]
    shown = (
        repr(value) if isinstance(value, str | int | float | bool) else "empty" if value is None else "something else"
    )
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return f"is {shown}, which is not {PATTERNS.get(context['pattern'], 'text that matches ' + context['pattern'])}"
    if kind == "literal_error":
        return f"is {shown}, which is not {context['expected']}"
    if kind == "too_short":
        return f"has {context['actual_length']} entries and needs {context['min_length']}"
    if kind in BOUNDS:
        return f"is {shown}, which is not {BOUNDS[kind]} {next(iter(context.values()))}"
    if kind in TYPE_NAMES:
        return f"is {shown}, which is not {TYPE_NAMES[kind]}"
    return f"is {shown}: {detail['msg']}"


def _path(detail: ErrorDetails) -> KeyPath:
    return tuple(part for part in detail["loc"] if part != "[key]")


def _names(model: type[Model], key_path: KeyPath) -> list[str]:
    """Return the possible keys at a key path."""
    inner = _inner(model, key_path)
    return [field.alias or name for name, field in fields_of(inner).items()] if inner else []


def _help(model: type[Model], key_path: KeyPath) -> str:
    """Return the description of the field at a key path, or of the list field around it."""
    parts = list(key_path)
    while parts and isinstance(parts[-1], int):
        parts.pop()
    inner = _inner(model, tuple(parts[:-1])) if parts else None
    fields = fields_of(inner).items() if inner else ()
    return next((field.description or "" for name, field in fields if (field.alias or name) == parts[-1]), "")


def _inner(model: type[Model], key_path: KeyPath) -> type[Model] | None:
    """Return the model of the mapping at a key path."""
    kind: Any = model
    for part in key_path:
        if is_model(kind):
            fields = fields_of(kind).items()
            kind = next((field.annotation for name, field in fields if (field.alias or name) == part), None)
        else:
            kind = next((arg for arg in reversed(get_args(kind)) if arg is not type(None)), None)
        while kind is not None and type(None) in get_args(kind):
            kind = next(arg for arg in get_args(kind) if arg is not type(None))
    return kind if is_model(kind) else None


def _without_wrong_values(document: YamlDocument, model: type[M], details: list[ErrorDetails]) -> M | None:
    data = deepcopy(document.data)
    # From the end, so that the indexes of earlier list items stay valid.
    for detail in reversed(details):
        if detail["type"] != "missing":
            _remove(data, _path(detail))
    try:
        return model.model_validate(data)
    except ValidationError:
        return None


def _remove(data: Any, key_path: KeyPath) -> None:
    for part in key_path[:-1]:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(data, dict):
        data.pop(key_path[-1], None)
    elif isinstance(data, list) and isinstance(key_path[-1], int) and key_path[-1] < len(data):
        del data[key_path[-1]]
