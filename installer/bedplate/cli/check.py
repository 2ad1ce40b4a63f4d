"""The command `bedplate check`."""

from __future__ import annotations

from pathlib import Path

import typer

from bedplate import validate
from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.shared_options import EnvironmentArgument
from bedplate.config import environments
from bedplate.core.errors import BedplateError, ErrorList
from bedplate.render.trial_render import TrialRender, try_render

EXIT_CODES = {0: "no errors", 2: "errors"}


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    add_command(app, "check", _check, examples="bedplate check lab", exit_codes=EXIT_CODES)


def _check(environment: EnvironmentArgument, output: OutputOption = OutputFormat.TEXT) -> None:
    """Check an environment's files for errors.

    Checks syntax, types, references, address ranges and duplicates. Every error has a file, line and column, and all of
    them are found in one run. If there are none, renders all objects and hosts, as `apply` will. Works offline:
    contacts no host.
    """
    folder = environments.find(environment)
    found = check_folder(folder)
    if output is OutputFormat.JSON:
        errors = [_json(error) for error in found.errors]
        print_result({"environment": folder.name, "errors": errors, "notRendered": found.obstacle}, output, "")
        raise typer.Exit(2 if errors else 0)
    if found.errors:
        raise ErrorList(found.errors)
    typer.echo(f"{environment}: no errors" + (f"; not rendered here: {found.obstacle}" if found.obstacle else ""))


def check_folder(folder: Path) -> TrialRender:
    """Return the errors in an environment's files; only if there are none, those of rendering it."""
    if errors := validate.check(folder):
        return TrialRender(errors)
    return try_render(environments.load(folder))


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
