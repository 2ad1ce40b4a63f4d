"""The command `bedplate images`: every image that Kubernetes manifests name."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

import typer

from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.shared_options import SummaryOption
from bedplate.core.sizes import count_of
from bedplate.images.manifest_reader import read_objects
from bedplate.images.reference import Certainty
from bedplate.images.scan import images_of
from bedplate.kube.change import path_text

EXAMPLES = """bedplate images manifests/ --summary
helm template ./chart | bedplate images - --output json"""
EXIT_CODES = {0: "done", 2: "bad input"}
LONG_DIGEST = re.compile(r"(@sha256:[0-9a-f]{12})[0-9a-f]+")
"""Text shows the beginning of a digest; JSON has all of it."""


class LeastCertainty(StrEnum):
    """How certain a reference must be to be listed."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    add_command(app, "images", _images, examples=EXAMPLES, exit_codes=EXIT_CODES)


def _images(
    files: Annotated[
        list[str],
        typer.Argument(metavar="PATH", help="File or folder of Kubernetes YAML or JSON (also .gz); - for stdin."),
    ],
    *,
    least: Annotated[
        LeastCertainty, typer.Option("--certainty", help="List references that are at least this certain.")
    ] = LeastCertainty.LIKELY,
    summary: SummaryOption = False,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Find every image that Kubernetes manifests name.

    Reads fields, arguments, variables, annotations, custom resources, defaults in CRDs, and YAML, JSON, TOML and Python
    in ConfigMaps. Joins references that are written in parts (repository, image, version).

    The same scan proves that a bundle is complete. Works offline: contacts no host.
    """
    objects, facts, left_out = 0, [], 0
    for read in read_objects(files):
        objects += 1
        for reference in images_of(read.object):
            if reference.certainty < Certainty[least.name]:
                left_out += 1
                continue
            fact = {"image": str(reference.image), "written": reference.written, "object": read.name}
            place = {"path": path_text(reference.path), "kind": str(reference.kind)}
            location = {"file": read.location.file, "line": read.location.line}
            facts.append({**fact, **place, "certainty": str(reference.certainty), **location})
    totals = {"images": len({fact["image"] for fact in facts}), "references": len(facts), "objects": objects}
    print_result(totals if summary else facts, output, lambda: _print([] if summary else facts, totals))
    if left_out:
        typer.echo(f"not listed: {left_out} less certain; use --certainty possible", err=True)


def _print(facts: list[dict[str, Any]], totals: dict[str, int]) -> None:
    """Print the images, under each the objects that name it, and under each object the paths."""
    images: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for fact in facts:
        images.setdefault(fact["image"], {}).setdefault(fact["object"], []).append(fact)
    for image, objects in images.items():
        typer.echo(LONG_DIGEST.sub(r"\1…", image))
        for name, references in objects.items():
            typer.echo(f"  {name}")
            for fact in references:
                typer.echo("    {path}  ({kind}, {certainty})".format(**fact))
    counts = [count_of(totals[f"{noun}s"], noun) for noun in ("image", "reference", "object")]
    typer.echo("{}; {} in {}".format(*counts))
