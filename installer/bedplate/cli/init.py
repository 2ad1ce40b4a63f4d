"""The command `bedplate init`: a new environment from a template."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from bedplate.cli.command_groups import add_command
from bedplate.config import new_environment, yaml_document
from bedplate.config.environment_file import DNS_LABEL
from bedplate.core.errors import InputError

INVENTORY = Path("inventory")
"""Where an environment is found by its name."""


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    add_command(app, "init", _init, examples="bedplate init north")


def _init(
    environment: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new environment.")],
    folder: Annotated[Path, typer.Option("--in", metavar="DIR", help="Folder of the environments.")] = INVENTORY,
) -> None:
    """Write a new, commented environment to fill in.

    Writes environment.yaml and hosts.yaml into a new folder, and never overwrites a file.
    """
    if not re.match(DNS_LABEL, environment):
        fact = "is not a name of lowercase letters, digits and hyphens"
        raise InputError(f"name {environment}", fact, "choose another name")
    for path in new_environment.write(folder / environment):
        typer.echo(f"wrote {yaml_document.display_path(path)}")
    known = environment if folder == INVENTORY else f"{folder / environment}"
    typer.echo(f"Fill in names, addresses and the publisher's key, then run: bedplate check {known}")
