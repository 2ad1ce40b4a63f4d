"""`bedplate bundle verify`."""

from __future__ import annotations

from typing import Annotated

import typer

from bedplate.bundle import verify_bundle
from bedplate.bundle.write_bundle import bundle_digest
from bedplate.cli.bundle_argument import BundleArgument
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.publisher_option import publisher_keys
from bedplate.core.sizes import human

EPILOG = "Example: bedplate bundle verify /media/bundle --publisher lab"


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    group.command("verify", epilog=EPILOG)(_verify)


def _verify(
    folder: BundleArgument,
    publisher: Annotated[
        str, typer.Option(help="The publisher's public key (a .pub file), or an environment that pins it.")
    ],
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Prove the signature, then read every byte of a bundle against it."""
    manifest = verify_bundle.verify(folder, publisher_keys(publisher))
    facts = {"release": manifest.release, "digest": bundle_digest(manifest), "files": len(manifest.files)}
    size = sum(file.size for file in manifest.files)
    text = f"{folder}: release {manifest.release}, {len(manifest.files)} files ({human(size)}), all as signed"
    print_result({**facts, "bytes": size}, output, text)
