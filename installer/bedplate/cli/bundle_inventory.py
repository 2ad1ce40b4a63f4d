"""The command `bedplate bundle inventory`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.config import environments
from bedplate.config.environments import Site
from bedplate.core import paths
from bedplate.core.errors import BedplateError, InputError
from bedplate.core.files import write_atomic
from bedplate.core.sizes import count_of, human
from bedplate.delta import inventory
from bedplate.pki.site_key import ensure_site_key
from bedplate.remote import bastion

EXAMPLE = "bedplate bundle inventory --out /media/stick/lab.inventory"
WRITTEN = "log/inventory"
"""In the environment's state: where a bastion writes for a command that was forwarded to it."""


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    add_command(group, "inventory", _inventory, examples=EXAMPLE)


def _inventory(  # noqa: PLR0913  each is an option people type
    bundle: Annotated[
        Path | None, typer.Argument(metavar="BUNDLE", help="List this bundle on the bastion instead of its store.")
    ] = None,
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="File to write.")],
    env: Annotated[
        str,
        typer.Option(metavar="ENV", help="Environment whose site key signs.", show_default="the bastion's only one"),
    ] = "",
    store: Annotated[Path, typer.Option(metavar="DIR", help="The bastion's store.")] = paths.STORE,
    read: Annotated[bool, typer.Option("--read", help="Read every blob, and leave out corrupted ones.")] = False,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Write a signed list of what a site has, for `bundle delta`.

    The inventory file contains only digests, sizes, and names of packages and images.

    Runs on the environment's bastion; from any other machine, give --env: the command is forwarded there over SSH, and
    the file is copied back.
    """
    site = bastion.checked_site(env or _only_environment(), needs_release=False)
    if not site.is_here:
        options = ["--store", str(store), *(["--read"] if read else []), "--output", output]
        _forward(site, bundle, out, options)
    taken, corrupted = inventory.take_inventory(bundle or store, site.environment.name, read=read)
    data = inventory.seal(taken, ensure_site_key(site))
    write_atomic(out, data)
    releases = [held.release for held in taken.releases]
    size = sum(size for _, size in taken.blobs)
    facts = {"site": taken.site, "releases": releases, "blobs": len(taken.blobs), "bytes": size, "corrupted": corrupted}
    counts = f"{count_of(len(taken.blobs), 'blob')} ({human(size)}), releases {', '.join(releases) or 'none'}"
    lines = [f"{out}: {counts}; {human(len(data))}", *(f"corrupted, left out: {sha256}" for sha256 in corrupted)]
    print_result({**facts, "file": str(out), "size": len(data)}, output, "\n".join(lines))


def _forward(site: Site, bundle: Path | None, out: Path, options: list[str]) -> NoReturn:
    """Run the command on the bastion, copy the file here, and exit with the command's exit code."""
    if bundle and not bundle.is_absolute():
        raise InputError(
            f"bundle {bundle}", "is a relative path, and is looked for on the bastion", "give its absolute path there"
        )
    name = site.environment.name
    words = ["--env", name, "--out", str(site.state / WRITTEN / f"{name}.inventory"), *options]
    code = bastion.forward(site, ["bundle", "inventory", *words, *([str(bundle)] if bundle else [])])
    if code == 0:
        with tempfile.TemporaryDirectory() as scratch:
            copied = bastion.fetch(site, WRITTEN, f"{name}.inventory", Path(scratch))
            if copied is None:
                raise BedplateError("inventory file", "is not on the bastion, although the command succeeded")
            write_atomic(out, copied.read_bytes())
        typer.echo(f"Copied to this machine: {out}", err=True)
    raise typer.Exit(code)


def _only_environment() -> str:
    """Return the only environment that this bastion serves."""
    names = sorted(path.parent.name for path in environments.ON_BASTION.glob(f"*/{environments.ENVIRONMENT}"))
    if len(names) != 1:
        known = ", ".join(names) or "no environment"
        raise InputError("option --env", f"is needed: {environments.ON_BASTION} has {known}", "give --env NAME")
    return names[0]
