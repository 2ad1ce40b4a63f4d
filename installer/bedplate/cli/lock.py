"""The command `bedplate lock`."""

from __future__ import annotations

from typing import Annotated

import typer

from bedplate.artifacts import resolve
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.load_release import load_release
from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.config import catalog

EXAMPLES = """bedplate lock 2026.11.0
bedplate lock 2026.11.0 --update nginx-light"""


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    add_command(app, "lock", _lock, examples=EXAMPLES)


def _lock(
    release: Annotated[
        str, typer.Argument(metavar="RELEASE", help="Version of the release, or its folder.", show_default="the newest")
    ] = "",
    update: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Resolve this package, artifact or component again, even if unchanged ('*': everything). Repeatable.",
        ),
    ] = None,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Pin everything that a release is made of.

    Writes release.lock and lock/ next to release.yaml. Commit them, and review them like code. Pins of what did not
    change are kept.

    Needs the package sources (Go modules, npm, pip, apt) that this machine is configured for.
    """
    catalog_of_release = load_release(release or catalog.newest(drafts=True))
    quiet = output is OutputFormat.JSON
    lock = resolve.lock_release(
        catalog_of_release, Cache(), update or (), lambda kind: None if quiet else typer.echo(f"locking {kind}")
    )
    path = catalog_of_release.folder / resolve.FILE
    missing = sum(entry.output is None for entry in lock.entries)
    text = f"{path}: {len(lock.entries)} entries, {missing} without an output"
    if missing:
        text += "; to record them, run `bedplate bundle build --record`"
    print_result({"lock": str(path), "entries": len(lock.entries), "without_output": missing}, output, text)
