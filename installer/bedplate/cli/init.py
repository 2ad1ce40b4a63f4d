"""`bedplate init`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from bedplate.config import new_environment, yaml_document
from bedplate.config.environment_file import DNS_LABEL
from bedplate.core.errors import InputError

EXAMPLE = "Example: bedplate init north"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("init", epilog=EXAMPLE)(_init)


def _init(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Name of the new environment.")],
    folder: Annotated[Path, typer.Option("--in", help="Folder that holds the environments.")] = Path("inventory"),
) -> None:
    """Write a new environment: a commented environment.yaml and hosts.yaml, to be filled in.

    Refuses to write over files that exist.
    """
    if not re.match(DNS_LABEL, environment):
        raise InputError(f"name {environment}", "is not small letters, digits and hyphens", "choose another")
    for path in new_environment.write(folder / environment):
        typer.echo(f"wrote {yaml_document.display_path(path)}")
    typer.echo(f"Next: fill in names, addresses and the publisher's key, then: bedplate check {environment}")
