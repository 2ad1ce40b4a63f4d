"""`bedplate render`: what an environment's hosts and cluster are told, before anything is touched."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bedplate.artifacts.load_release import load_release
from bedplate.config import environments
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.core import digest
from bedplate.core.files import write_atomic
from bedplate.render import locked_digests, objects

STDOUT = "-"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("render", epilog="Example: bedplate render lab --output lab.jsonl")(render)


def render(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Name or folder of the environment.")],
    output: Annotated[str, typer.Option("--output", "-o", help="File to write; - is standard output.")] = STDOUT,
    *,
    hosts: Annotated[bool, typer.Option("--hosts", help="HostSpecs in place of objects.")] = False,
) -> None:
    """Print an environment's Kubernetes objects or HostSpecs, one JSON object a line.

    Secrets appear as `secretRef: name/key`, never as values. No host and no cluster is asked anything.
    """
    site = environments.load(environments.find(environment))
    release = load_release(site.environment.release)
    lines = _hosts(site, release) if hosts else _objects(site, release)
    content = b"".join(line + b"\n" for line in lines)
    if output == STDOUT:
        sys.stdout.buffer.write(content)
    else:
        write_atomic(Path(output), content)


def _objects(site: Site, release: Catalog) -> list[bytes]:
    return [one.line() for one in objects.render_objects(site, release, locked_digests.known_digests(release))]


def _hosts(site: Site, release: Catalog) -> list[bytes]:
    from bedplate.render.host_specs import host_specs  # noqa: PLC0415  it loads Jinja, which objects do not need

    specs = host_specs(site, release.release, release.components, locked_digests.known_release_file(release))
    return [digest.canonical(spec.model_dump(mode="json")) for spec in specs]
