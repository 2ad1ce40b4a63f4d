"""The command `bedplate status`."""

from __future__ import annotations

import time
from typing import Any

import typer

from bedplate.apply.certificate_status import CertificateEnd
from bedplate.apply.site_status import SiteStatus, read_status
from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table, table_console
from bedplate.cli.shared_options import EnvironmentArgument
from bedplate.remote import bastion

ALERT_DAYS = 30
MOST_HOSTS = 20


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    add_command(app, "status", _status, examples="bedplate status lab --output json")


def _status(environment: EnvironmentArgument, output: OutputOption = OutputFormat.TEXT) -> None:
    """Show an environment's release, nodes, steps and certificates.

    Also shows the last apply, with who ran it, and how many packets tried to leave the site. Of each host, the
    certificate that ends first, or is not valid yet, is shown; --output json lists all.

    Runs on the environment's bastion; from any other machine, it is forwarded there over SSH.
    """
    site = bastion.run_on_bastion(environment)
    status = read_status(site)
    print_result(status.as_json(), output, lambda: _print(status))


def _print(status: SiteStatus) -> None:
    console = table_console()
    label = f" (bundle {status.bundle})" if status.bundle not in {"", status.release} else ""
    console.print(f"environment {status.environment}, release {status.release or 'none yet'}{label}")
    if status.run:
        console.print(_last_apply(status.run), highlight=False, markup=False)
    for name, reason in status.passed_by.items():
        console.print(f"  host {name} was passed by: {reason}", style="red", highlight=False, markup=False)
    for name, state in status.nodes.items():
        console.print(f"  node {name}: [{'green' if state == 'Ready' else 'red'}]{state}[/]")
    packets = "not counted on every host" if status.packets_outside is None else status.packets_outside
    console.print(f"packets that tried to leave: [{'green' if status.packets_outside == 0 else 'red'}]{packets}[/]")
    for end in first_to_end(status.certificates):
        console.print(f"  certificates on {end.host}: {_end_text(end)}")
    rows = [["" if value is None else str(value) for value in step.values()] for step in status.steps]
    console.print(table("step", "outcome", "changed", "seconds", rows=rows))


def _end_text(end: CertificateEnd) -> str:
    if not end.has_begun:
        return f"{end.name} is [red]not valid yet[/]"
    colour = "green" if end.days_left > ALERT_DAYS else "red"
    return f"{end.name} ends first, in [{colour}]{end.days_left:.0f} days[/]"


def _last_apply(run: dict[str, Any]) -> str:
    began = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(run["started"]))
    user = f" by {run['user']}" if run["user"] else ""
    revision = f", environment at git commit {run['revision']}" if run["revision"] else ""
    return f"last apply: {run['outcome']}, of release {run['release']}, {began}{user}{revision}"


def first_to_end(certificates: list[CertificateEnd]) -> list[CertificateEnd]:
    """Return the first certificate of each host as they are sorted, at most of twenty hosts."""
    first: dict[str, CertificateEnd] = {}
    for end in certificates:
        first.setdefault(end.host, end)
    return list(first.values())[:MOST_HOSTS]
