"""The text of `--help`: usage, arguments, options, commands, examples and exit codes, as wide as the terminal."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

WIDEST = 100
"""Columns; longer lines are hard to read, however wide the terminal is."""
WIDEST_NAME = 24
"""Columns; after a longer name, the description begins on the next line."""
DEFAULT_IN_WORDS = re.compile(r"default: \((.*?)\)")
"""Typer writes a default that is described, such as "standard input", in parentheses."""
RANGE = re.compile(r"; -?\d+<=x<=-?\d+(?=\])")
"""Typer adds the range of a number, which its description has in words."""
OWN_COLUMN = ("Arguments", "Options")
UNBROKEN = re.compile(r"`[^`]{,60}`|\[(?:default|env var|required)[^]]{,40}\]$")
"""Commands in backticks, and defaults, stay on one line."""
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
Row = tuple[str, str]


class HelpCommand(TyperCommand):
    """A command whose help is plain text. Typer brings its own click, hence Any."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the words after the command's name in its usage line."""
        return _usage(self, ctx)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        formatter.write(help_text(self, ctx, _width()))


class HelpGroup(TyperGroup):
    """A group of commands whose help is plain text."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the words after the group's name in its usage line."""
        return [*_usage(self, ctx), "COMMAND"]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        formatter.write(help_text(self, ctx, _width()))


def help_text(command: Any, context: Any, width: int) -> str:
    """Return the whole help of a command or group.

    Args:
        command: a HelpCommand or HelpGroup.
        context: its click context.
        width: columns of the terminal.
    """
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"{_heading('Usage:')} {usage}", *(_folded(text, width) for text in paragraphs(command))]
    parts += _columns(list(sections(command, context)), width)
    if command.epilog:
        parts.append(re.sub(r"(?m)^\S.*:$", lambda match: _heading(match[0]), command.epilog))
    return "\n\n".join(parts)


def paragraphs(command: Any) -> list[str]:
    """Return the paragraphs of a command's description."""
    text = inspect.cleandoc(command.help or "").partition("\f")[0]
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph]


def sections(command: Any, context: Any) -> Iterator[tuple[str, list[Row]]]:
    """Yield the title and the rows (name, description) of each section that has any."""
    parameters = [parameter for parameter in command.get_params(context) if not getattr(parameter, "hidden", False)]
    rows = {"Arguments": [_argument(p, context) for p in parameters if isinstance(p, TyperArgument)]}
    for name in command.list_commands(context) if isinstance(command, TyperGroup) else ():
        inner = command.commands[name]
        if not inner.hidden:
            panel = getattr(inner, "rich_help_panel", None) or "Commands"
            rows.setdefault(panel, []).append((name, next(iter(paragraphs(inner)), "")))
    rows["Options"] = [_option(p, context) for p in parameters if isinstance(p, TyperOption)]
    return ((title, found) for title, found in rows.items() if found)


def _usage(command: Any, context: Any) -> list[str]:
    arguments = [p for p in command.get_params(context) if isinstance(p, TyperArgument) and not p.hidden]
    options = [p for p in command.params if isinstance(p, TyperOption) and not p.hidden]
    is_plain_group = isinstance(command, TyperGroup) and not options
    names = [_name(p) if p.required else f"[{_name(p)}]" for p in arguments]
    return names if is_plain_group else ["[OPTIONS]", *names]


def _name(argument: TyperArgument) -> str:
    return argument.display_name_raw + ("..." if argument.nargs != 1 else "")


def _argument(argument: TyperArgument, context: Any) -> Row:
    return _name(argument), _description(argument, context).replace("  [required]", "")


def _option(option: TyperOption, context: Any) -> Row:
    short = [name for name in option.opts if not name.startswith("--")]
    long = [name for name in (*option.opts, *option.secondary_opts) if name.startswith("--")]
    names = ", ".join([*short, *long])
    value = "" if option.is_flag or option.count else f" {_value(option, context)}"
    return f"{names if short else f'    {names}'}{value}", _description(option, context)


def _value(option: TyperOption, context: Any) -> str:
    """Return how an option's value is named, such as FILE or `text|json`."""
    if option.metavar:
        return option.metavar
    kind = option.display_type(context).strip("<>")
    return {"path": "PATH", "str": "TEXT", "int range": "N", "int": "N"}.get(kind, kind)


def _description(parameter: Any, context: Any) -> str:
    record = parameter.get_help_record(context)
    return RANGE.sub("", DEFAULT_IN_WORDS.sub(r"default: \1", record[1])) if record else ""


def _columns(listed: list[tuple[str, list[Row]]], width: int) -> Iterator[str]:
    """Yield the text of each section; descriptions of commands begin at the same column in all of theirs."""
    shared = max((len(name) for title, rows in listed if title not in OWN_COLUMN for name, _ in rows), default=0)
    for title, rows in listed:
        longest = max(len(name) for name, _ in rows) if title in OWN_COLUMN else shared
        yield _section(title, rows, min(WIDEST_NAME, longest) + 4, width)


def _section(title: str, rows: Sequence[Row], column: int, width: int) -> str:
    return "\n".join([_heading(f"{title}:"), *(line for row in rows for line in _row(*row, column, width))])


def _row(name: str, description: str, column: int, width: int) -> Iterable[str]:
    lines = _wrapped(description, width - column)
    first = f"  {name}"
    if len(first) + 2 > column:
        return [first, *(" " * column + line for line in lines)]
    return [f"{first:{column}}{lines[0] if lines else ''}".rstrip(), *(" " * column + line for line in lines[1:])]


def _folded(text: str, width: int) -> str:
    return "\n".join(_wrapped(text, width))


def _wrapped(text: str, width: int) -> list[str]:
    joined = UNBROKEN.sub(lambda match: match[0].replace(" ", NO_BREAK_SPACE), text)
    lines = textwrap.wrap(joined, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace(NO_BREAK_SPACE, " ") for line in lines]


def _heading(text: str) -> str:
    return text if os.environ.get("NO_COLOR") else typer.style(text, bold=True)


def _width() -> int:
    return min(WIDEST, shutil.get_terminal_size().columns)
