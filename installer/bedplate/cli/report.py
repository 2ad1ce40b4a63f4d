"""`bedplate report verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bedplate.acceptance import report_signature
from bedplate.bundle import ssh_signature
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.site_key_option import site_public_key

EPILOG = "Example: bedplate report verify 20261126T081500Z --site site.pub"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    group = typer.Typer(help="The reports of acceptance runs, for those who were not there.", no_args_is_help=True)
    group.command("verify", epilog=EPILOG)(_verify)
    group.callback()(_group)
    app.add_typer(group, name="report")


def _group() -> None:
    """Keep `verify` a word of its own; with one command alone typer would drop it."""


def _verify(
    folder: Annotated[Path, typer.Argument(metavar="REPORT", help="The folder that `bedplate verify` wrote.")],
    *,
    site: Annotated[
        str, typer.Option(help="The site's public key (pki/site.pub).", show_default="by the report's environment")
    ] = "",
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Prove that a report is what its site signed: the signature, then every byte; no site is asked.

    The key has to come by another way than the report: compare its fingerprint with what `bedplate key show ENV`
    prints at the site. Exit code 0 says that the report is genuine, not that its run was green.
    """
    known = report_signature.verify_report(folder, lambda name: site_public_key(site, name))
    fingerprint = ssh_signature.fingerprints(site_public_key(site, known.environment))
    counts = f"{known.passed} passed, {known.failed} failed, {known.skipped} skipped"
    text = (
        f"{folder}: environment {known.environment}, release {known.release}, {known.started:%Y-%m-%d %H:%M} UTC: "
        f"{'green' if known.green else 'not green'}, {counts}\n"
        f"{len(known.files)} files, all as signed by {fingerprint}"
    )
    print_result({**known.model_dump(mode="json"), "fingerprint": fingerprint}, output, text)
