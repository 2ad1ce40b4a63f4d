"""`bedplate docs`: for those who change Bedplate itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bedplate.cli.reference_pages.all_pages import pages
from bedplate.config.yaml_document import display_path
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from bedplate.core.files import write_atomic


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("docs", hidden=True)(_docs)


def _docs(
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a page is old.")] = False,
) -> None:
    """Write the generated pages of docs/reference."""
    folder = paths.SOURCE / "docs/reference"
    for name, text in pages().items():
        path = folder / name
        if check and _old(path, text):
            raise BedplateError(f"page {display_path(path)}", "is older than the code it is made from", "make docs")
        if not check and _old(path, text):
            write_atomic(path, text)
            typer.echo(f"wrote {display_path(path)}")


def _old(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text() != text
