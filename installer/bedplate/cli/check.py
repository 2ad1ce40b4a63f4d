"""`bedplate check`."""

from __future__ import annotations

from typing import Annotated

import typer

from bedplate import validate
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.config import environments
from bedplate.core.errors import BedplateError, ErrorList

EXAMPLE = "Example: bedplate check lab"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("check", epilog=EXAMPLE)(_check)


def _check(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Name or folder of the environment.")],
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Check an environment's files: form, references, ranges, facts written twice. Touches no host.

    Every error is one line with file, line and column; all are found in one pass. Exit code 2 if there is one.
    """
    folder = environments.find(environment)
    errors = validate.check(folder)
    if output is OutputFormat.JSON:
        print_result({"environment": folder.name, "errors": [_json(error) for error in errors]}, output, "")
        raise typer.Exit(2 if errors else 0)
    if errors:
        raise ErrorList(errors)
    typer.echo(f"{environment}: no errors")


def _json(error: BedplateError) -> dict[str, str | int]:
    location = error.location
    return {
        "file": location.file if location else "",
        "line": location.line if location else 0,
        "column": location.column if location else 0,
        "subject": error.subject,
        "fact": error.fact,
        "next": error.hint,
    }
