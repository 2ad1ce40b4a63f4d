"""`bedplate bundle have`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bedplate import environments, place
from bedplate.bundle.sizes import human
from bedplate.cli.output import Output, OutputOption, show
from bedplate.delta import have
from bedplate.errors import InputError
from bedplate.files import write_atomic
from bedplate.pki.site_key import ensure_site_key

EPILOG = "Example: bedplate bundle have --out /media/stick/lab.have"


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    group.command("have", epilog=EPILOG)(_have)


def _have(  # noqa: PLR0913  each is an option people type
    bundle: Annotated[
        Path | None, typer.Argument(metavar="BUNDLE", help="A bundle to list in place of the store.")
    ] = None,
    *,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    env: Annotated[str, typer.Option(help="Environment whose site key signs.", show_default="the only one here")] = "",
    store: Annotated[Path, typer.Option(help="The bastion's store.")] = place.STATE / "store",
    read: Annotated[bool, typer.Option("--read", help="Read every blob; leave out what is spoilt.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Write a small signed inventory of what this site has, for `bundle delta` on the publisher's side.

    Run it on the bastion. It holds digests, sizes and names of packages and images, and nothing else.
    """
    site = environments.load(environments.find(env or _only()))
    taken, spoilt = have.take(bundle or store, site.environment.name, read=read)
    data = have.seal(taken, ensure_site_key(site))
    write_atomic(out, data)
    releases = [held.release for held in taken.releases]
    size = sum(size for _, size in taken.blobs)
    facts = {"site": taken.site, "releases": releases, "blobs": len(taken.blobs), "bytes": size, "spoilt": spoilt}
    lines = [
        f"{out}: {len(taken.blobs)} blobs ({human(size)}), releases {', '.join(releases) or 'none'}; {human(len(data))}"
    ]
    lines += [f"spoilt, and left out: {sha256}" for sha256 in spoilt]
    show({**facts, "file": str(out), "size": len(data)}, output, "\n".join(lines))


def _only() -> str:
    """Return the one environment that this bastion serves."""
    found = sorted(path.parent.name for path in environments.ON_BASTION.glob(f"*/{environments.ENVIRONMENT}"))
    if len(found) != 1:
        named = ", ".join(found) or "none"
        raise InputError("option --env", f"is needed, as {environments.ON_BASTION} has {named}", "give --env NAME")
    return found[0]
