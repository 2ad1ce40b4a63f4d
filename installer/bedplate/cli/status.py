"""`bedplate status`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from bedplate.apply.site_status import SiteStatus, read_status
from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table_console
from bedplate.remote import bastion

EPILOG = "Example: bedplate status lab --output json"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("status", epilog=EPILOG)(_status)


def _status(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Name or folder of the environment.")],
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Show an environment's release, nodes and steps, and how many packets tried to leave it."""
    site = bastion.run_on_bastion(environment)
    found = read_status(site)
    print_result(found.as_json(), output, lambda: _print(found))


def _print(found: SiteStatus) -> None:
    console = table_console()
    label = f" (bundle {found.bundle})" if found.bundle not in {"", found.release} else ""
    console.print(f"environment {found.environment}, release {found.release or 'none yet'}{label}")
    for name, state in found.nodes.items():
        console.print(f"  node {name}: [{'green' if state == 'Ready' else 'red'}]{state}[/]")
    packets = "not counted on every host" if found.packets_outside is None else found.packets_outside
    console.print(f"packets that tried to leave: [{'green' if found.packets_outside == 0 else 'red'}]{packets}[/]")
    table = Table("step", "outcome", "changed", "seconds", box=None, pad_edge=False)
    for step in found.steps:
        table.add_row(*("" if value is None else str(value) for value in step.values()))
    console.print(table)
