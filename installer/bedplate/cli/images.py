"""The command `bedplate images`: every image that Kubernetes manifests name."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

import typer

from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, print_result
from bedplate.cli.shared_options import SummaryOption
from bedplate.core.errors import InputError
from bedplate.core.sizes import count_of
from bedplate.images.manifest_reader import ManifestObject, read_objects
from bedplate.images.reference import Certainty, ImageReference, UnresolvedImage
from bedplate.images.scan import scan_object
from bedplate.kube.change import path_text

EXAMPLES = """bedplate images manifests/ --summary
helm template ./chart | bedplate images - --output json
# one reference a line, only if all are known
bedplate images manifests/ --output list --strict | xargs -n1 crane digest"""
EXIT_CODES = {0: "done", 1: "with --strict, an image field names no image", 2: "bad input"}
LONG_DIGEST = re.compile(r"(@sha256:[0-9a-f]{12})[0-9a-f]+")
"""Text shows the beginning of a digest; JSON has all of it."""
TAG_AND_DIGEST = re.compile(r":[^/@]+(@sha\d+:)")
VERSION = re.compile(r":[^/]+$|@")


class LeastCertainty(StrEnum):
    """How certain a reference must be to be listed."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class ImagesFormat(StrEnum):
    """The formats of a list of images."""

    TEXT = "text"
    JSON = "json"
    LIST = "list"


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
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if an image field names no image, such as a template.")
    ] = False,
    summary: SummaryOption = False,
    output: Annotated[
        ImagesFormat,
        typer.Option("--output", "-o", help="Output format; list is each reference once, for skopeo and crane."),
    ] = ImagesFormat.TEXT,
) -> None:
    """Find every image that Kubernetes manifests name.

    Reads fields, arguments, variables, annotations, custom resources, defaults in CRDs, and YAML, JSON, TOML and Python
    in ConfigMaps. Joins references that are written in parts (repository, image, version).

    The same scan proves that a bundle is complete. Works offline: contacts no host.
    """
    objects, facts, unresolved, left_out = 0, [], [], 0
    for read in read_objects(files):
        objects += 1
        scanned = scan_object(read.object)
        listed = [reference for reference in scanned.references if reference.certainty >= Certainty[least.name]]
        left_out += len(scanned.references) - len(listed)
        facts += [_fact(reference, read) for reference in listed]
        unresolved += [_unresolved(one, read) for one in scanned.unresolved]
    if not objects:
        raise InputError("input", "contains no object", "give Kubernetes YAML or JSON; an empty pipe is an error")
    totals = {"images": len({fact["image"] for fact in facts}), "references": len(facts), "objects": objects}
    if output is ImagesFormat.LIST and not summary:
        _print_list(facts)
    else:
        value = {**totals, "unresolved": len(unresolved)} if summary else {"images": facts, "unresolved": unresolved}
        form = OutputFormat.JSON if output is ImagesFormat.JSON else OutputFormat.TEXT
        print_result(value, form, lambda: _print([] if summary else facts, totals))
    _warn(unresolved, left_out)
    if strict and unresolved:
        raise typer.Exit(1)


def _fact(reference: ImageReference, read: ManifestObject) -> dict[str, Any]:
    fact = {"image": str(reference.image), "written": reference.written, "object": read.name}
    place = {"path": path_text(reference.path), "kind": str(reference.kind)}
    location = {"file": read.location.file, "line": read.location.line}
    return {**fact, **place, "certainty": str(reference.certainty), **location}


def _unresolved(one: UnresolvedImage, read: ManifestObject) -> dict[str, Any]:
    fact = {"written": one.written, "object": read.name, "path": path_text(one.path)}
    return {**fact, "file": read.location.file, "line": read.location.line}


def _print_list(facts: list[dict[str, Any]]) -> None:
    """Print each reference once, in the form that skopeo takes: a digest without its tag."""
    for image in sorted({TAG_AND_DIGEST.sub(r"\1", fact["image"]) for fact in facts}):
        if VERSION.search(image):
            typer.echo(image)
        else:
            typer.echo(f"not listed: {image} has neither tag nor digest; another setting decides it", err=True)


def _warn(unresolved: list[dict[str, Any]], left_out: int) -> None:
    """Say on stderr what the list lacks, so that no one takes it for complete."""
    for fact in unresolved:
        where = f"{fact['file']}:{fact['line']}: {fact['object']} {fact['path']}"
        typer.echo(f"unresolved: {where}: {fact['written']} names no image", err=True)
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
