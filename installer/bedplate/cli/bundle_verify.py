"""The command `bedplate bundle verify`."""

from __future__ import annotations

import typer

from bedplate.bundle import verify_bundle
from bedplate.bundle.write_bundle import bundle_digest
from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.publisher_keys import publisher_keys
from bedplate.cli.shared_options import BundleArgument, PublisherOption
from bedplate.core.sizes import human

EXAMPLE = "bedplate bundle verify /media/bundle --publisher lab"
EXIT_CODES = {0: "the bundle is genuine", 1: "the bundle is not genuine", 2: "bad input"}


def add(group: typer.Typer) -> None:
    """Add the command to the group `bundle`."""
    add_command(group, "verify", _verify, examples=EXAMPLE, exit_codes=EXIT_CODES)


def _verify(folder: BundleArgument, publisher: PublisherOption, output: OutputOption = OutputFormat.TEXT) -> None:
    """Verify the signature and every byte of a bundle.

    Get the publisher's key out of band, not with the bundle. Works offline: contacts no host.
    """
    manifest = verify_bundle.verify(folder, publisher_keys(publisher))
    facts = {"release": manifest.release, "digest": bundle_digest(manifest), "files": len(manifest.files)}
    size = sum(file.size for file in manifest.files)
    text = f"{folder}: release {manifest.release}, {len(manifest.files)} files ({human(size)}), all verified"
    print_result({**facts, "bytes": size}, output, text)
