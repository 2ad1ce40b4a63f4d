"""The command `bedplate bundle merge`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.progress_lines import ProgressLines
from bedplate.cli.publisher_keys import publisher_keys
from bedplate.cli.shared_options import PublisherOption
from bedplate.core import paths
from bedplate.core.sizes import human
from bedplate.delta.merge import merge
from bedplate.delta.received_delta import receive

EXAMPLE = """bedplate bundle merge /media/disk1 /media/disk2 \\
    --out /srv/2026.11.1 --publisher lab"""


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    add_command(group, "merge", _merge, examples=EXAMPLE)


def _merge(
    parts: Annotated[list[Path], typer.Argument(metavar="PART", help="Folder of a part, or a folder with parts.")],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the full bundle.")],
    publisher: PublisherOption,
    base: Annotated[Path, typer.Option(metavar="DIR", help="The site's store, or an older bundle.")] = paths.STORE,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Merge a delta with what the site has into the full bundle.

    The result is the publisher's bundle, byte for byte. Run this command on the bastion, which has the media and the
    store.

    With one drive, give one part at a time: parts that were read are kept. If the command is stopped, run it again: it
    resumes.
    """
    delta = receive(parts, publisher_keys(publisher))
    merged = merge(delta, base, out, ProgressLines(Console(stderr=output is OutputFormat.JSON)))
    facts = {"bundle": str(out), "release": delta.file.release, "digest": delta.file.bundle, "bytes": delta.file.size}
    carried = sum(part.size for part in delta.file.parts)
    ways = {way: count for way, count in asdict(merged).items() if way != "folder"}
    done = ", ".join(f"{count} {way}" for way, count in ways.items()) if any(ways.values()) else "was already complete"
    text = (
        f"{out}: release {delta.file.release}, {human(delta.file.size)} from {human(carried)} carried ({done})\n"
        f"bundle digest {delta.file.bundle}\nTo install it: python3 {out}/install --publisher KEY.pub"
    )
    print_result({**facts, "carried": carried, "files": ways}, output, text)
