"""The command `bedplate bundle sbom`."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import table, table_console
from bedplate.cli.shared_options import BundleArgument, ImageOption, SummaryOption
from bedplate.core.errors import InputError
from bedplate.core.sizes import count_of
from bedplate.sbom import bundled_documents

EXAMPLES = """bedplate bundle sbom /media/bundle --summary
bedplate bundle sbom /media/bundle --image kube-proxy --output cyclonedx-json"""


class SbomFormat(StrEnum):
    """The formats that are printed."""

    TEXT = "text"
    CYCLONEDX = "cyclonedx-json"
    PROVENANCE = "in-toto"


LONG_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]+")
"""Text shows the beginning of a digest; JSON has all of it."""


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    add_command(group, "sbom", _sbom, examples=EXAMPLES)


def _sbom(
    folder: BundleArgument,
    *,
    image: ImageOption = "",
    summary: SummaryOption = False,
    output: Annotated[
        SbomFormat,
        typer.Option(
            "--output",
            "-o",
            help="Output format: a table, the bill of materials (CycloneDX), or the provenance (SLSA).",
        ),
    ] = SbomFormat.TEXT,
) -> None:
    """List the packages and licences in a bundle, or print its bills of materials.

    Verifies only the digest of the document: run `bedplate bundle verify` first.
    """
    if summary and output is not SbomFormat.TEXT:
        raise InputError("option --summary", f"cannot be combined with --output {output}", "leave one of them out")
    match output:
        case SbomFormat.PROVENANCE:
            typer.echo(bundled_documents.read_provenance(folder), nl=False)
        case SbomFormat.CYCLONEDX:
            typer.echo(bundled_documents.read_sbom(folder, image), nl=False)
        case SbomFormat.TEXT:
            _print(bundled_documents.parse_sbom(bundled_documents.read_sbom(folder, image)), summary=summary)


def _print(sbom: dict[str, Any], *, summary: bool) -> None:
    console = table_console()
    packages = [component for component in sbom["components"] if component["type"] == "library"]
    packages.sort(key=lambda package: (_kind(package), package["name"], package["version"]))
    if not summary:
        rows = [(_kind(p), p["name"], p["version"], bundled_documents.licence_of(p)) for p in packages]
        console.print(table("kind", "package", "version", "licence", rows=rows))
        console.print()
    _print_licences(console, sbom, len(packages))


def _print_licences(console: Console, sbom: dict[str, Any], packages: int) -> None:
    subject = sbom["metadata"]["component"]
    version = LONG_DIGEST.sub(r"\1…", subject["version"])
    console.print(f"{subject['name']} {version}: {count_of(packages, 'package')}", highlight=False)
    licences = Table(box=None, pad_edge=False)
    licences.add_column("packages", justify="right")
    licences.add_column("licence", overflow="fold")
    for licence, count in bundled_documents.count_licences(sbom).most_common():
        licences.add_row(str(count), licence)
    console.print(licences)


def _kind(component: dict[str, Any]) -> str:
    return str(component["purl"]).removeprefix("pkg:").partition("/")[0]
