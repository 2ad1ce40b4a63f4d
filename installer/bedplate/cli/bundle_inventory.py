"""`bedplate bundle inventory`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.config import environments
from bedplate.config.environments import Site
from bedplate.core import paths
from bedplate.core.errors import InputError
from bedplate.core.files import write_atomic
from bedplate.core.sizes import human
from bedplate.delta import inventory
from bedplate.pki.site_key import ensure_site_key
from bedplate.remote import bastion

EPILOG = "Example: bedplate bundle inventory --out /media/stick/lab.inventory"
WRITTEN = "log/inventory"
"""In the environment's state: where a bastion writes for one who types elsewhere."""


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    group.command("inventory", epilog=EPILOG)(_inventory)


def _inventory(  # noqa: PLR0913  each is an option people type
    bundle: Annotated[
        Path | None, typer.Argument(metavar="BUNDLE", help="A bundle on the bastion to list in place of its store.")
    ] = None,
    *,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    env: Annotated[str, typer.Option(help="Environment whose site key signs.", show_default="the only one here")] = "",
    store: Annotated[Path, typer.Option(help="The bastion's store.")] = paths.STATE / "store",
    read: Annotated[bool, typer.Option("--read", help="Read every blob; leave out what is spoilt.")] = False,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Write a small signed inventory of what this site has, for `bundle delta` on the publisher's side.

    It holds digests, sizes and names of packages and images, and nothing else. It is written on the environment's
    bastion; typed elsewhere, with --env, the command goes there and brings the file back.
    """
    site = bastion.checked_site(env or _only(), needs_release=False)
    if not site.is_here:
        _from_outside(site, bundle, out, ["--store", str(store), *["--read"] * read, "--output", output])
    taken, spoilt = inventory.take_inventory(bundle or store, site.environment.name, read=read)
    data = inventory.seal(taken, ensure_site_key(site))
    write_atomic(out, data)
    releases = [held.release for held in taken.releases]
    size = sum(size for _, size in taken.blobs)
    facts = {"site": taken.site, "releases": releases, "blobs": len(taken.blobs), "bytes": size, "spoilt": spoilt}
    lines = [
        f"{out}: {len(taken.blobs)} blobs ({human(size)}), releases {', '.join(releases) or 'none'}; {human(len(data))}"
    ]
    lines += [f"spoilt, and left out: {sha256}" for sha256 in spoilt]
    print_result({**facts, "file": str(out), "size": len(data)}, output, "\n".join(lines))


def _from_outside(site: Site, bundle: Path | None, out: Path, options: list[str]) -> NoReturn:
    """Have the bastion write the inventory, bring it here, and exit with the command's code there."""
    if bundle and not bundle.is_absolute():
        raise InputError(
            f"bundle {bundle}", "is looked for on the bastion, from no folder", "give its whole path there"
        )
    name = site.environment.name
    words = ["--env", name, "--out", str(site.state / WRITTEN / f"{name}.inventory"), *options]
    code = bastion.forward(site, ["bundle", "inventory", *words, *([str(bundle)] if bundle else [])])
    if code == 0:
        with tempfile.TemporaryDirectory() as scratch:
            write_atomic(out, bastion.fetch_latest(site, WRITTEN, Path(scratch)).read_bytes())
        typer.echo(f"copied here: {out}", err=True)
    raise typer.Exit(code)


def _only() -> str:
    """Return the one environment that this bastion serves."""
    found = sorted(path.parent.name for path in environments.ON_BASTION.glob(f"*/{environments.ENVIRONMENT}"))
    if len(found) != 1:
        named = ", ".join(found) or "none"
        raise InputError("option --env", f"is needed, as {environments.ON_BASTION} has {named}", "give --env NAME")
    return found[0]
