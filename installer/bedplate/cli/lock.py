"""``bedplate lock``."""

from __future__ import annotations

from typing import Annotated

import typer

from bedplate.artifacts import resolve
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.load_release import load_release
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.config import catalog


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("lock", epilog="Example: bedplate lock 2026.11.0 --update nginx-light")(lock)


def lock(
    release: Annotated[
        str,
        typer.Argument(metavar="[RELEASE]", help="Version of the release, or its folder; the newest if none is named."),
    ] = "",
    update: Annotated[
        list[str] | None,
        typer.Option(help="Resolve this package, artifact or component anew, though nothing asks for it; '*' is all."),
    ] = None,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Pin everything a release is made of, in release.lock and lock/ beside it.

    What did not change since the last lock keeps its pins. Needs the package sources (Go modules,
    npm, pip, apt) as this machine is configured for them. The files are committed and reviewed.
    """
    found = load_release(release or catalog.newest(drafts=True))
    quiet = output is OutputFormat.JSON
    made = resolve.lock(found, Cache(), update or (), lambda kind: None if quiet else typer.echo(f"locking {kind}"))
    path = found.folder / resolve.FILE
    missing = sum(entry.output is None for entry in made.entries)
    text = f"{path}: {len(made.entries)} entries, {missing} not built yet (bedplate bundle build --record)"
    print_result({"lock": str(path), "entries": len(made.entries), "without_output": missing}, output, text)
