"""`bedplate bundle merge`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.progress_lines import ProgressLines
from bedplate.cli.publisher_option import publisher_keys
from bedplate.core import paths
from bedplate.core.sizes import human
from bedplate.delta.merge import merge
from bedplate.delta.received_delta import receive

EPILOG = "Example: bedplate bundle merge /media/disk1 /media/disk2 --out /srv/2026.11.1 --publisher lab"


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    group.command("merge", epilog=EPILOG)(_merge)


def _merge(
    parts: Annotated[list[Path], typer.Argument(metavar="DELTA...", help="The parts' folders, or what holds them.")],
    *,
    out: Annotated[Path, typer.Option(help="Directory for the full bundle.")],
    publisher: Annotated[
        str, typer.Option(help="The publisher's public key (a .pub file), or an environment that pins it.")
    ],
    base: Annotated[Path, typer.Option(help="The site's store, or an older bundle.")] = paths.STATE / "store",
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Join a delta with what the site has, to the full bundle byte for byte.

    It runs where it is typed: on the bastion, where the media are mounted and the site's store is.

    Parts may come one after the other: give those that are at hand, then the same command with the next ones.
    What was read stays; killed at any moment, the same command goes on.
    """
    delta = receive(parts, publisher_keys(publisher))
    merged = merge(delta, base, out, ProgressLines(Console(stderr=output is OutputFormat.JSON)))
    facts = {"bundle": str(out), "release": delta.file.release, "digest": delta.file.bundle, "bytes": delta.file.size}
    carried = sum(part.size for part in delta.file.parts)
    ways = {way: count for way, count in asdict(merged).items() if way != "folder"}
    done = ", ".join(f"{count} {way}" for way, count in ways.items()) if any(ways.values()) else "it was there already"
    text = (
        f"{out}: release {delta.file.release}, {human(delta.file.size)} from {human(carried)} carried ({done})\n"
        f"bundle digest {delta.file.bundle}\nNext: python3 {out}/install --publisher KEY.pub"
    )
    print_result({**facts, "carried": carried, "files": ways}, output, text)
