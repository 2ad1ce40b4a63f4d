"""`bedplate key`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bedplate.bundle import sign
from bedplate.cli.output import Output, OutputOption, show


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    group = typer.Typer(help="The publisher's key, which signs bundles.", no_args_is_help=True)
    group.command("new", epilog="Example: bedplate key new --out ~/keys/bedplate-publisher")(_new)
    app.add_typer(group, name="key")


def _new(
    out: Annotated[Path, typer.Option(help="File for the private key; FILE.pub gets the public one.")],
    output: OutputOption = Output.TEXT,
) -> None:
    """Make a publisher's key (Ed25519, mode 0600). A file that exists is never overwritten.

    Every environment names the public half in `publisher:`. Keep the private half where you keep other signing keys.
    """
    public = sign.new_key(out)
    line = sign.public_key(out)
    text = f"private key: {out}\npublic key:  {public}\nin environment.yaml:\npublisher: {line}"
    show({"private": str(out), "public": str(public), "publisher": line}, output, text)
