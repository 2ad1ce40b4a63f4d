"""How commands print: text for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

WIDE = 1000
"""Columns where no terminal sets a limit: a program's lines are not folded."""


class OutputFormat(StrEnum):
    """The forms a command can print."""

    TEXT = "text"
    JSON = "json"


OutputOption = Annotated[OutputFormat, typer.Option("--output", "-o", help="text for people, json for programs.")]
"""The option every command takes whose result a program could read: ``output: OutputOption = Output.TEXT``."""


def print_result(value: Any, output: OutputFormat, text: Callable[[], None] | str) -> None:
    """Print a result: as JSON, or by the given text or function that prints it.

    Args:
        value: what JSON can hold; nothing else may be printed on standard output.
        output: the chosen form.
        text: the text form, or what prints it.
    """
    if output is OutputFormat.JSON:
        typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))
    elif isinstance(text, str):
        typer.echo(text)
    else:
        text()


def table_console() -> Console:
    """Return what tables are printed on: as wide as the terminal, or as they need where a program reads them."""
    return Console() if sys.stdout.isatty() else Console(width=WIDE)
