"""The hidden command `bedplate docs`, for developers of Bedplate: writes the generated pages of docs/reference."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bedplate.cli.command_groups import add_command
from bedplate.cli.reference_pages.all_pages import pages
from bedplate.config.yaml_document import display_path
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from bedplate.core.files import write_atomic


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    add_command(app, "docs", _docs, examples="bedplate docs --check", hidden=True)


def _docs(
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a page is out of date.")] = False,
) -> None:
    """Write the generated pages of docs/reference."""
    folder = paths.SOURCE / "docs/reference"
    for name, text in pages().items():
        path = folder / name
        if check and _is_outdated(path, text):
            raise BedplateError(f"page {display_path(path)}", "is out of date", "run `make docs`")
        if not check and _is_outdated(path, text):
            write_atomic(path, text)
            typer.echo(f"wrote {display_path(path)}")


def _is_outdated(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text() != text
