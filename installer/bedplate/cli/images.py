"""`bedplate images`."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table

from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table_console
from bedplate.images.manifest_reader import read_objects
from bedplate.images.reference import Certainty
from bedplate.images.scan import images_of
from bedplate.kube.change import path_text

LONG_DIGEST = re.compile(r"(@sha256:[0-9a-f]{12})[0-9a-f]+")
"""Tables show the beginning of a digest; JSON has the whole of it."""


class Least(StrEnum):
    """How sure a reference must be to be shown."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("images", epilog="Example: helm template … | bedplate images - --output json")(_images)


def _images(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE|DIR…", help="Kubernetes YAML or JSON, also as .gz; - reads standard input."),
    ],
    least: Annotated[
        Least,
        typer.Option("--certainty", help="Show references that are at least this sure; possible shows every one."),
    ] = Least.LIKELY,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Find every image that manifests name, wherever it hides: the walk that also proves a bundle closed.

    Looked at are fields, arguments, variables, annotations, custom resources, defaults in CRDs, and ConfigMaps
    with YAML, JSON, TOML and Python inside. References in parts (repository, image, version) are joined.
    """
    objects, facts, held_back = 0, [], 0
    for one in read_objects(files):
        objects += 1
        for hit in images_of(one.object):
            if hit.certainty < Certainty[least.name]:
                held_back += 1
                continue
            fact = {"image": str(hit.image), "written": hit.written, "object": one.name, "path": path_text(hit.path)}
            place = {"kind": str(hit.kind), "certainty": str(hit.certainty), "file": one.location.file}
            facts.append({**fact, **place, "line": one.location.line})
    print_result(facts, output, lambda: _print(facts, objects))
    if held_back:
        typer.echo(f"{held_back} less sure: --certainty possible shows them", err=True)


def _print(facts: list[dict[str, Any]], objects: int) -> None:
    console, table = table_console(), Table(box=None, pad_edge=False)
    for heading in ("image", "object", "path", "kind", "certainty"):
        table.add_column(heading, overflow="fold")
    for fact in facts:
        image = LONG_DIGEST.sub(r"\1…", fact["image"])
        table.add_row(image, *(fact[name] for name in ("object", "path", "kind", "certainty")))
    console.print(table)
    images = len({fact["image"] for fact in facts})
    console.print(f"{images} images, named at {len(facts)} places of {objects} objects", highlight=False)
