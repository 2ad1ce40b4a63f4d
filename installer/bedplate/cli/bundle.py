"""The group `bedplate bundle`; its commands are the modules `bundle_COMMAND` of this package."""

from __future__ import annotations

import importlib
import sys

import typer

from bedplate.cli.command_groups import new_group

GROUP = """Build, verify, inspect and ship bundles.

A bundle is a release and its installer in one signed folder.
"""
COMMANDS = ("build", "verify", "inspect", "sbom", "cve", "inventory", "delta", "merge", "publish")


def register(app: typer.Typer) -> None:
    """Add the group to the app."""
    group = new_group(GROUP)
    for name in _typed(sys.argv[1:]):
        importlib.import_module(f"{__package__}.bundle_{name}").add(group)
    app.add_typer(group, name="bundle")


def _typed(words: list[str]) -> tuple[str, ...]:
    """Return the command that is typed: the others need not be imported, which takes a second."""
    plain = [word for word in words if not word.startswith("-")][:2]
    return tuple(name for name in COMMANDS if plain == ["bundle", name]) or COMMANDS
