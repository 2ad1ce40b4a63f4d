"""The formats of a diff: text, Markdown, HTML, JSON, SARIF and JUnit, one module each."""

from __future__ import annotations

import importlib
from enum import StrEnum
from types import ModuleType

from bedplate.diff.effects.effect_finding import Risk
from bedplate.diff.output.view import ReportView


class Format(StrEnum):
    """What a diff can be shown as."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"


MODULES = {Format.TEXT: "plain_text", Format.JSON: "json_document"}


def show(view: ReportView, form: Format, *, fail_on: Risk | None = None, color: bool = False) -> str:
    """Return a view in a format.

    Args:
        view: what to show.
        form: the format; only its module is imported.
        fail_on: the lowest risk that counts as a failure, for formats with failures.
        color: whether to use the colors of a terminal.
    """
    match form:
        case Format.TEXT:
            return str(_module(form).show(view, color=color))
        case Format.JUNIT:
            return str(_module(form).show(view, fail_on=fail_on))
        case _:
            return str(_module(form).show(view))


def _module(form: Format) -> ModuleType:
    return importlib.import_module(f"{__name__}.{MODULES.get(form, form)}")
