"""Commands and groups of commands: how a module of this package adds its own, with examples and exit codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import typer

from bedplate.cli.help_text import HelpCommand, HelpGroup

OK, FAILURE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
DONE_OR_FAILED = {OK: "done", FAILURE: "failed", BAD_INPUT: "bad input; nothing was changed"}
"""The exit codes of a command that does not define its own."""


def new_group(description: str, *, kind: type[HelpGroup] = HelpGroup, **settings: Any) -> typer.Typer:
    """Return an empty group of commands.

    Args:
        description: its help; the first paragraph is one sentence.
        kind: its class.
        settings: as typer.Typer takes them.
    """
    return typer.Typer(
        cls=kind,
        help=description,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        callback=_keep_group,
        **settings,
    )


def add_command(  # noqa: PLR0913  each is one part of a command
    group: typer.Typer,
    name: str,
    function: Callable[..., None],
    *,
    examples: str,
    exit_codes: Mapping[Any, str] | None = None,
    settings: dict[str, Any] | None = None,
    hidden: bool = False,
) -> None:
    """Add a command to a group.

    Args:
        group: the group, or the app itself.
        name: the word that is typed.
        function: parses, makes one library call and prints; its docstring is the help.
        examples: command lines, one a line; a line with # describes the next.
        exit_codes: meaning of each exit code; the usual ones by default.
        settings: click's context settings.
        hidden: whether help does not list it.
    """
    codes = exit_codes or DONE_OR_FAILED
    count = sum("bedplate " in line and not line.startswith("#") for line in examples.splitlines())
    parts = ["Example:" if count == 1 else "Examples:", *_indented(examples), ""]
    parts += ["Exit codes:", *(f"  {code}  {meaning}" for code, meaning in codes.items())]
    epilog = "\n".join(parts)
    group.command(name, cls=HelpCommand, epilog=epilog, context_settings=settings, hidden=hidden)(function)


def _keep_group() -> None:
    """Keep the only command of a group a word of its own; typer would drop it."""


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.strip().splitlines()]
