"""Printing results: text for people, JSON for programs, tables that fit the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

WIDE = 1000
"""Columns where no terminal sets a limit: lines that a program reads are not folded."""


class OutputFormat(StrEnum):
    """The formats that most commands can print."""

    TEXT = "text"
    JSON = "json"


OutputOption = Annotated[OutputFormat, typer.Option("--output", "-o", help="Output format.")]
"""For every command whose result a program could read: ``output: OutputOption = OutputFormat.TEXT``."""


def print_result(value: Any, output: OutputFormat, text: Callable[[], None] | str) -> None:
    """Print a result: as JSON, or as text.

    Args:
        value: what JSON can hold; nothing else may be printed on standard output.
        output: the chosen format.
        text: the text, or a function that prints it.
    """
    if output is OutputFormat.JSON:
        typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))
    elif isinstance(text, str):
        typer.echo(text)
    else:
        text()


def table_console() -> Console:
    """Return a console for tables: as wide as the terminal, or without a limit if a program reads it."""
    return Console() if sys.stdout.isatty() else Console(width=WIDE)


def table(*headings: str, rows: Iterable[Sequence[Any]]) -> Table:
    """Return a table without lines; cells that are too long for the terminal are folded.

    Args:
        headings: titles of the columns.
        rows: the cells.
    """
    result = Table(box=None, pad_edge=False)
    for heading in headings:
        result.add_column(heading, overflow="fold")
    for row in rows:
        result.add_row(*row)
    return result
