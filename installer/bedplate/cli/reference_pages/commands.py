"""The command line as a Markdown page, from the commands' own definitions."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup

from bedplate import cli

INTRODUCTION = """\
# Commands

Generated from the commands themselves (`make docs`); `bedplate COMMAND --help` says the same.

Exit codes of all commands: 0 done, 1 failed, 2 bad input (nothing was changed), 130 stopped by the keyboard.
Before the command: `--debug` says everything that is done and shows tracebacks, `--version` prints the version.
"""


def page() -> str:
    """Return the page."""
    root = typer.main.get_command(cli.build([]))
    return "\n".join([INTRODUCTION, *_sections(root, typer.Context(root, info_name="bedplate"))])


def _sections(command: Any, context: typer.Context) -> Iterator[str]:
    """Write a command's section, or those of a group's commands. Typer brings its own click: hence Any."""
    if isinstance(command, TyperGroup):
        for name in sorted(command.commands):
            inner = command.commands[name]
            if not inner.hidden:
                yield from _sections(inner, typer.Context(inner, info_name=name, parent=context))
        return
    yield f"## {context.command_path}\n"
    yield f"    {' '.join([context.command_path, *command.collect_usage_pieces(context)])}\n"
    yield inspect.cleandoc(command.help or "") + "\n"
    yield from _parameters(command, context)
    if command.epilog:
        yield f"{command.epilog.replace('Example: ', 'Example: `', 1)}`\n"


def _parameters(command: Any, context: typer.Context) -> Iterator[str]:
    rows = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and "--help" not in record[0]:
            name, meaning = (" ".join(text.split()).replace("|", "\\|") for text in record)
            rows.append(f"| `{name}` | {meaning} |")
    if rows:
        yield "\n".join(["| parameter | meaning |", "|---|---|", *rows]) + "\n"
