"""The command `bedplate render`: an environment's objects or host settings, before anything is changed."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from bedplate.artifacts.load_release import load_release
from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import table, table_console
from bedplate.cli.shared_options import EnvironmentArgument, SummaryOption
from bedplate.config import environments
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.config.host_spec import HostSpec
from bedplate.core import digest
from bedplate.core.files import write_atomic
from bedplate.render import locked_digests, objects
from bedplate.render.rendered import RenderedObject

EXAMPLES = """bedplate render lab --out lab.jsonl
bedplate render lab --hosts --summary"""
EXIT_CODES = {0: "done", 2: "bad input"}


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    add_command(app, "render", _render, examples=EXAMPLES, exit_codes=EXIT_CODES)


def _render(
    environment: EnvironmentArgument,
    *,
    hosts: Annotated[bool, typer.Option("--hosts", help="Print the hosts' settings instead of objects.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to this file.", show_default="standard output")
    ] = None,
    summary: SummaryOption = False,
) -> None:
    """Print every Kubernetes object, or every host's settings.

    Prints one JSON object per line: a Kubernetes object, or with --hosts a HostSpec. Secrets appear as
    `secretRef: name/key`, without their values. The same release and environment always give the same bytes.

    Works offline: contacts no cluster or host.
    """
    site = environments.load(environments.find(environment))
    release = load_release(site.environment.release)
    if hosts:
        specs = _host_specs(site, release)
        lines = [digest.canonical(spec.model_dump(mode="json")) for spec in specs]
    else:
        rendered = objects.render_objects(site, release, locked_digests.known_digests(release))
        lines = [one.line() for one in rendered]
    content = b"".join(line + b"\n" for line in lines)
    if out:
        write_atomic(out, content)
    if summary:
        _print_hosts(specs) if hosts else _print_objects(rendered)
    elif not out:
        sys.stdout.buffer.write(content)


def _host_specs(site: Site, release: Catalog) -> list[HostSpec]:
    from bedplate.render.host_specs import host_specs  # noqa: PLC0415  it loads Jinja, which objects do not need

    return host_specs(site, release.release, release.components, locked_digests.known_release_file(release))


def _print_objects(rendered: list[RenderedObject]) -> None:
    components = Counter((one.layer, one.component) for one in rendered)
    console = table_console()
    console.print(table("layer", "component", "objects", rows=[(*key, str(n)) for key, n in components.items()]))
    console.print(f"{len(rendered)} objects of {len(components)} components", highlight=False)


def _print_hosts(specs: list[HostSpec]) -> None:
    rows = [
        (spec.host, str(len(spec.packages)), str(len(spec.binaries)), str(len(spec.services)), str(len(spec.files)))
        for spec in specs
    ]
    table_console().print(table("host", "packages", "programs", "services", "files", rows=rows))
