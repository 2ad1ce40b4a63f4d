"""The command `bedplate verify`: an acceptance run."""

from __future__ import annotations

from datetime import UTC, datetime

import typer
from rich.console import Console

from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table_console
from bedplate.cli.shared_options import EnvironmentArgument
from bedplate.core.locks import try_lock
from bedplate.pki.site_key import ensure_site_key
from bedplate.remote import bastion

EXIT_CODES = {0: "every test passed", 1: "a test failed", 2: "bad input"}


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    add_command(app, "verify", _verify, examples="bedplate verify lab", exit_codes=EXIT_CODES)


def _verify(environment: EnvironmentArgument, output: OutputOption = OutputFormat.TEXT) -> None:
    """Run the acceptance tests against the live platform.

    The tests use the platform as its users do. The report (HTML to print, JUnit XML, JSON) is on the bastion, in
    /var/lib/bedplate/environments/ENV/log/acceptance/, signed by the site's key; `bedplate report verify` verifies it.

    Runs on the environment's bastion; from any other machine, it is forwarded there over SSH, and the report is copied
    back.
    """
    site = bastion.run_on_bastion(environment, fetches="log/acceptance")
    from bedplate.acceptance import acceptance_report, report_signature, runner  # noqa: PLC0415  it loads pytest, which only the bastion needs
    from bedplate.apply import installation  # noqa: PLC0415  as above

    console = Console(stderr=True)
    folder = site.state / "log" / "acceptance" / datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    # The console keeps the real standard error, which pytest takes away from the tests.
    live = Console(file=console.file, force_terminal=console.is_terminal)
    busy = try_lock(site.state / "verify.lock", f"environment {environment}", "is being verified by another run")
    with busy, live.status("reading the tests") as status:
        run = runner.run_acceptance(installation.load(site), folder / "pytest.log", on_start=status.update)
    page = acceptance_report.write(run, folder)
    report_signature.sign_report(run, folder, ensure_site_key(site))
    print_result({**run.as_json(), "report": str(page)}, output, lambda: acceptance_report.show(run, table_console()))
    if output is OutputFormat.TEXT:
        console.print(f"Report: {page}", highlight=False)
    raise typer.Exit(0 if run.is_green else 1)
