"""`bedplate check`."""

from __future__ import annotations

from typing import Annotated

import typer

from bedplate import validate
from bedplate.cli.printing import Output, OutputOption, show
from bedplate.config import environments
from bedplate.core.errors import BedplateError, Findings

EXAMPLE = "Example: bedplate check lab"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("check", epilog=EXAMPLE)(_check)


def _check(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Name or folder of the environment.")],
    output: OutputOption = Output.TEXT,
) -> None:
    """Check an environment's files: form, references, ranges, facts written twice. Touches no host.

    Every error is one line with file, line and column; all are found in one pass. Exit code 2 if there is one.
    """
    folder = environments.find(environment)
    errors = validate.check(folder)
    if output is Output.JSON:
        show({"environment": folder.name, "errors": [_json(error) for error in errors]}, output, "")
        raise typer.Exit(2 if errors else 0)
    if errors:
        raise Findings(errors)
    typer.echo(f"{environment}: no errors")


def _json(error: BedplateError) -> dict[str, str | int]:
    place = error.place
    return {
        "file": place.file if place else "",
        "line": place.line if place else 0,
        "column": place.column if place else 0,
        "subject": error.subject,
        "fact": error.fact,
        "next": error.next_step,
    }
