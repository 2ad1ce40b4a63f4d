"""The command `bedplate preflight`."""

from __future__ import annotations

import typer
from rich.text import Text

from bedplate.apply.check_hosts import wanted_hosts
from bedplate.artifacts.load_release import load_release
from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table, table_console
from bedplate.cli.shared_options import EnvironmentArgument, SummaryOption
from bedplate.core.sizes import count_of
from bedplate.hosts import preflight
from bedplate.hosts.preflight.host_finding import HostFinding
from bedplate.hosts.preflight.ownership import is_installed
from bedplate.remote import bastion

EXIT_CODES = {0: "nothing blocks an installation", 1: "a finding must be fixed first", 2: "bad input"}
STYLES = {"stops": "bold red", "hard": "green", "soft": "yellow"}


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    add_command(app, "preflight", _preflight, examples="bedplate preflight lab", exit_codes=EXIT_CODES)


def _preflight(
    environment: EnvironmentArgument, *, summary: SummaryOption = False, output: OutputOption = OutputFormat.TEXT
) -> None:
    """Check every host for problems, before anything is changed.

    Measures disks and clocks; checks ports, routes and names; looks for what earlier installations left. A hard finding
    blocks an installation, unless preflight.accept in environment.yaml lists it. Hosts in maintenance are left out.

    Runs on the environment's bastion; from any other machine, it is forwarded there over SSH.
    """
    site = bastion.run_on_bastion(environment)
    wanted = wanted_hosts(site, load_release(site.environment.release))
    findings = preflight.run(site, wanted, is_installed=is_installed(site))
    totals = {
        "hosts": sum(not host.in_maintenance for host in site.hosts),
        "maintenance": sum(host.in_maintenance for host in site.hosts),
        "findings": len(findings),
        "accepted": sum(bool(finding.accepted) for finding in findings),
        "blocking": sum(finding.stops for finding in findings),
    }
    facts = totals if summary else {"findings": [finding.json() for finding in findings]}
    name = {"environment": site.environment.name}
    print_result({**name, **facts}, output, lambda: _print([] if summary else findings, totals))
    if totals["blocking"]:
        raise typer.Exit(1)


def _print(findings: list[HostFinding], totals: dict[str, int]) -> None:
    console = table_console()
    if findings:
        console.print(table("host", "finding", "what, why, what to do", rows=map(_row, findings)))
    end = "{blocking} must be fixed first" if totals["blocking"] else "none blocking"
    counts = f"{count_of(totals['hosts'], 'host')}, {count_of(totals['findings'], 'finding')}"
    away = ", {maintenance} in maintenance" if totals["maintenance"] else ""
    text = counts + away + ", {accepted} accepted, " + end
    console.print(text.format(**totals), highlight=False)


def _row(finding: HostFinding) -> tuple[str, Text, Text]:
    style = STYLES["stops" if finding.stops else finding.severity]
    mark = "accepted" if finding.accepted else finding.severity
    step = f"Accepted: {finding.accepted}" if finding.accepted else f"To fix it: {finding.action}."
    reason = (f"{finding.why[0].upper()}{finding.why[1:]}.\n", "dim")
    text = Text.assemble(f"{finding.host} {finding.what}.\n", reason)
    return finding.host, Text(f"{finding.id}\n{mark}", style), text.append(step)
