"""Help texts: each fits 80 columns, begins with one sentence, and ends with an example and exit codes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from bedplate import cli
from bedplate.cli.help_text import HelpGroup, help_text, paragraphs

WIDTH = 80


def _commands(command: Any, context: typer.Context) -> Iterator[tuple[Any, typer.Context]]:
    yield command, context
    if isinstance(command, HelpGroup):
        for name in command.list_commands(context):
            inner = command.commands[name]
            yield from _commands(inner, typer.Context(inner, info_name=name, parent=context))


ROOT = typer.main.get_command(cli.build([]))
CONTEXT = typer.Context(ROOT, info_name="bedplate")
COMMANDS = {context.command_path: (command, context) for command, context in _commands(ROOT, CONTEXT)}
LEAVES = [path for path, (command, _) in COMMANDS.items() if not isinstance(command, HelpGroup)]


@pytest.mark.parametrize("path", COMMANDS)
def test_a_help_text_fits_a_terminal(path: str) -> None:
    """No line is longer than 80 columns, and no usage line has braces or doubled brackets."""
    command, context = COMMANDS[path]
    text = re.sub(r"\x1b\[[0-9;]*m", "", help_text(command, context, WIDTH))
    assert [line for line in text.splitlines() if len(line) > WIDTH] == []
    assert not re.search(r"[{}]|\[\[|<bool>", text.splitlines()[0])


@pytest.mark.parametrize("path", COMMANDS)
def test_a_help_text_begins_with_one_sentence(path: str) -> None:
    """The first paragraph is one sentence, which group listings show."""
    first = paragraphs(COMMANDS[path][0])[0]
    assert first.endswith(".")
    assert ". " not in first


@pytest.mark.parametrize(
    "path", [path for path, (command, _) in COMMANDS.items() if not isinstance(command, HelpGroup)]
)
def test_a_command_has_an_example_and_exit_codes(path: str) -> None:
    """Every command shows how it is called, and what its exit codes mean."""
    epilog = COMMANDS[path][0].epilog
    assert re.match(r"Examples?:\n  ", epilog)
    assert path in epilog
    assert "\n\nExit codes:\n  0 " in epilog


def test_commands_are_grouped_in_order() -> None:
    """Help lists every command that is not hidden in the panel and order of cli.PANELS."""
    listed = [name for names in cli.PANELS.values() for name in names]
    shown = [name for name in ROOT.list_commands(CONTEXT) if not ROOT.commands[name].hidden]  # type: ignore[attr-defined]
    assert shown == listed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["aply"], "error: no such command 'aply'\n  hint: did you mean 'apply'?\n"),
        (["apply"], "error: missing argument 'ENV'\n  hint: run `bedplate apply --help`\n"),
    ],
)
def test_wrong_words_are_errors_with_a_hint(
    words: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistyped command line ends with exit code 2, and says what to do."""
    monkeypatch.setattr(sys, "argv", ["bedplate", *words])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 2
    assert capsys.readouterr().err == message
