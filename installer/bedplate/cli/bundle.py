"""`bedplate bundle`: its commands are the modules `bundle_COMMAND` beside this one."""

from __future__ import annotations

import importlib
import sys

import typer

COMMANDS = ("build", "publish", "verify", "inspect", "sbom", "cve", "inventory", "delta", "merge")


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    group = typer.Typer(help="The bundle: a release and its installer in one signed directory.", no_args_is_help=True)
    group.callback()(_group)
    for name in _asked(sys.argv[1:]):
        importlib.import_module(f"{__package__}.bundle_{name}").add(group)
    app.add_typer(group, name="bundle")


def _group() -> None:
    """Keep each command a word of its own; with one alone typer would drop it."""


def _asked(words: list[str]) -> tuple[str, ...]:
    """Return the command that is asked for: the others need not be imported, which takes a second."""
    plain = [word for word in words if not word.startswith("-")][:2]
    asked = tuple(name for name in COMMANDS if plain == ["bundle", name])
    return asked or COMMANDS
