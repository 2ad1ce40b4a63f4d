"""`bedplate preflight`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table_console
from bedplate.config.environments import Site
from bedplate.hosts import preflight
from bedplate.hosts.preflight.host_finding import HostFinding
from bedplate.hosts.preflight.ownership import is_installed
from bedplate.remote import bastion

EXAMPLE = "Example: bedplate preflight lab"
STYLES = {"stops": "bold red", "hard": "green", "soft": "yellow"}


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("preflight", epilog=EXAMPLE)(_preflight)


def _preflight(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Name or folder of the environment.")],
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Ask every host what could go wrong, before anything is changed.

    Measures disks and clocks, looks at ports, routes, names and leftovers. Exit code 1 if a hard
    finding stands that preflight.accept in environment.yaml does not name.
    """
    site = bastion.run_on_bastion(environment)
    findings = preflight.run(site, is_installed=is_installed(site))
    result = {"environment": site.environment.name, "findings": [finding.json() for finding in findings]}
    print_result(result, output, lambda: _print(site, findings))
    if any(finding.stops for finding in findings):
        raise typer.Exit(1)


def _print(site: Site, findings: list[HostFinding]) -> None:
    console = table_console()
    console.print(table(findings))
    count = sum(finding.stops for finding in findings)
    accepted = sum(bool(finding.accepted) for finding in findings)
    end = f"{count} must be mended first" if count else "nothing stands in the way"
    console.print(f"{len(site.hosts)} hosts, {len(findings)} findings, {accepted} accepted: {end}.")


def table(findings: list[HostFinding]) -> Table:
    """Return the findings as a table."""
    result = Table(box=None, pad_edge=False, show_lines=False)
    for heading in ("host", "finding", "what, why, what to do"):
        result.add_column(heading, overflow="fold")
    for finding in findings:
        style = STYLES["stops" if finding.stops else finding.severity]
        mark = "accepted" if finding.accepted else finding.severity
        step = f"Accepted: {finding.accepted}" if finding.accepted else f"Next: {finding.action}."
        text = Text.assemble(
            f"{finding.host} {finding.what}.\n", (f"{finding.why[0].upper()}{finding.why[1:]}.\n", "dim")
        )
        result.add_row(finding.host, Text(f"{finding.id}\n{mark}", style), text.append(step))
    return result
