"""Jinja as the roles use it: expressions with native values, and text with the settings of Ansible's template module.

A text is compiled once, however many hosts it is rendered for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2.environment import TemplateExpression
from jinja2.nativetypes import NativeEnvironment

TEXTS = 2000
"""Compiled texts that are kept: the roles have about 100, and a diff renders two trees."""


def native_value(text: str, values: Mapping[str, Any]) -> Any:
    """Return the value of a text with expressions: a list stays a list."""
    return _native_template(text).render(values)


def compiles(text: str) -> bool:
    """Return whether a text needs none of Ansible's own filters, tests and lookups."""
    try:
        _native_template(text)
    except jinja2.TemplateSyntaxError:
        return False
    return True


def holds(condition: str, values: Mapping[str, Any]) -> bool:
    """Return whether a condition of `when` holds."""
    return bool(_condition(condition)(**values))


def text_value(text: str, values: Mapping[str, Any]) -> str:
    """Return a text with its expressions filled in, as text."""
    return _text_template(text).render(values)


def text_environment(folder: Path | None = None) -> jinja2.Environment:
    """Return Jinja for the templates in a folder; it compiles each once."""
    environment = jinja2.Environment(  # noqa: S701  the output is configuration, not HTML
        loader=jinja2.FileSystemLoader(folder) if folder else None,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters["to_json"] = json.dumps
    return environment


@lru_cache(TEXTS)
def _native_template(text: str) -> jinja2.Template:
    return _native().from_string(text)


@lru_cache(TEXTS)
def _condition(text: str) -> TemplateExpression:
    return _native().compile_expression(text, undefined_to_none=False)


@lru_cache(TEXTS)
def _text_template(text: str) -> jinja2.Template:
    return text_environment().from_string(text)


def _native() -> jinja2.Environment:
    return NativeEnvironment(undefined=jinja2.StrictUndefined)
