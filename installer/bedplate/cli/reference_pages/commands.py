"""docs/reference/cli.md: every command with its arguments, options, examples and exit codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from bedplate import cli
from bedplate.cli.help_text import HelpGroup, paragraphs, sections

INTRODUCTION = """\
# Commands

Generated from the commands themselves (`make docs`); `bedplate COMMAND --help` prints the same.

Before the command, `--debug` logs every action and shows tracebacks. `--version` prints the version. A command that is
interrupted (Ctrl-C) exits with 130; run the same command again to resume.
"""


def page() -> str:
    """Return the page."""
    root = typer.main.get_command(cli.build([]))
    return "\n".join([INTRODUCTION, *_sections(root, typer.Context(root, info_name="bedplate"))])


def _sections(command: Any, context: typer.Context) -> Iterator[str]:
    """Yield the section of a command, or those of a group's commands. Typer brings its own click, hence Any."""
    if isinstance(command, HelpGroup):
        for name in command.list_commands(context):
            inner = command.commands[name]
            if not inner.hidden:
                yield from _sections(inner, typer.Context(inner, info_name=name, parent=context))
        return
    yield f"## {context.command_path}\n"
    yield f"    {' '.join([context.command_path, *command.collect_usage_pieces(context)])}\n"
    yield "\n\n".join(paragraphs(command)) + "\n"
    yield from _parameters(command, context)
    for block in command.epilog.split("\n\n"):
        title, _, lines = block.partition("\n")
        yield f"{title}\n\n" + "\n".join(f"    {line.removeprefix('  ')}" for line in lines.splitlines()) + "\n"


def _parameters(command: Any, context: typer.Context) -> Iterator[str]:
    rows = [
        f"| `{name.strip()}` | {description} |"
        for _, listed in sections(command, context)
        for name, description in ((_cell(name), _cell(text)) for name, text in listed)
        if "--help" not in name
    ]
    if rows:
        yield "\n".join(["| parameter | meaning |", "|---|---|", *rows]) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
