"""`bedplate bundle sbom`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bedplate.cli.printing import table_console
from bedplate.sbom import bundled_documents

EPILOG = "Example: bedplate bundle sbom /media/bundle --image kube-proxy --format cyclonedx-json >kube-proxy.cdx.json"


class SbomFormat(StrEnum):
    """What is printed."""

    TEXT = "text"
    CYCLONEDX = "cyclonedx-json"
    PROVENANCE = "in-toto"


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    group.command("sbom", epilog=EPILOG)(_sbom)


def _sbom(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The bundle's directory.")],
    image: Annotated[str, typer.Option(help="One image: its name, or the end of it.", show_default="all")] = "",
    form: Annotated[
        SbomFormat, typer.Option("--format", help="A table, the CycloneDX document, or what all was made of (SLSA).")
    ] = SbomFormat.TEXT,
) -> None:
    """Show what a bundle is made of, package by package, with licences; or print the document that it carries.

    Nothing is verified but the document's own digest: run `bedplate bundle verify` first.
    """
    match form:
        case SbomFormat.PROVENANCE:
            typer.echo(bundled_documents.read_provenance(folder), nl=False)
        case SbomFormat.CYCLONEDX:
            typer.echo(bundled_documents.read_sbom(folder, image), nl=False)
        case SbomFormat.TEXT:
            _print(bundled_documents.parse(bundled_documents.read_sbom(folder, image)))


def _print(sbom: dict[str, Any]) -> None:
    console = table_console()
    table = Table(box=None, pad_edge=False)
    for heading in ("kind", "package", "version", "licence"):
        table.add_column(heading, overflow="fold")
    packages = [one for one in sbom["components"] if one["type"] == "library"]
    for one in sorted(packages, key=lambda one: (_kind(one), one["name"], one["version"])):
        table.add_row(_kind(one), one["name"], one["version"], bundled_documents.licence_of(one))
    console.print(table)
    subject, counts = sbom["metadata"]["component"], bundled_documents.licences(sbom)
    console.print(f"\n{subject['name']} {subject['version']}: {len(packages)} packages", highlight=False)
    overview = Table(box=None, pad_edge=False)
    overview.add_column("packages", justify="right")
    overview.add_column("licence", overflow="fold")
    for licence, count in counts.most_common():
        overview.add_row(str(count), licence)
    console.print(overview)


def _kind(component: dict[str, Any]) -> str:
    return str(component["purl"]).removeprefix("pkg:").partition("/")[0]
