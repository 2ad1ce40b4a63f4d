"""The command `bedplate report verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bedplate.acceptance import report_signature
from bedplate.bundle import ssh_signature
from bedplate.cli.command_groups import add_command, new_group
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.shared_options import SiteKeyOption
from bedplate.cli.site_public_key import site_public_key

EXAMPLE = "bedplate report verify 20261126T081500Z --site site.pub"
EXIT_CODES = {
    0: "the report is genuine; tests in it may still have failed",
    1: "the report is not genuine",
    2: "bad input",
}


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    group = new_group("Verify the reports of acceptance runs.")
    add_command(group, "verify", _verify, examples=EXAMPLE, exit_codes=EXIT_CODES)
    app.add_typer(group, name="report")


def _verify(
    folder: Annotated[Path, typer.Argument(metavar="REPORT", help="Folder that `bedplate verify` wrote.")],
    *,
    site: SiteKeyOption = "",
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Verify that an acceptance report is what the site signed.

    Verifies the signature, then every byte. Works offline: contacts no host.

    Get the site's key out of band, not with the report. `bedplate key show ENV` prints its fingerprint at the site.
    """
    report = report_signature.verify_report(folder, lambda name: site_public_key(site, name))
    fingerprint = ssh_signature.fingerprints(site_public_key(site, report.environment))
    counts = f"{report.passed} passed, {report.failed} failed, {report.skipped} skipped"
    text = (
        f"{folder}: environment {report.environment}, release {report.release}, "
        f"{report.started:%Y-%m-%d %H:%M} UTC: {'green' if report.green else 'not green'}, {counts}\n"
        f"{len(report.files)} files verified, signed by {fingerprint}"
    )
    print_result({**report.model_dump(mode="json"), "fingerprint": fingerprint}, output, text)
