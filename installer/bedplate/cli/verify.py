"""`bedplate verify`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table_console
from bedplate.core.locks import try_lock
from bedplate.pki.site_key import ensure_site_key
from bedplate.remote import bastion

EPILOG = "Example: bedplate verify lab"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("verify", epilog=EPILOG)(_verify)


def _verify(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Name or folder of the environment.")],
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Run the acceptance run: the platform is used as its users do, and all of it must work.

    Exit code 0 only when every check passed. The report (a page to print, JUnit XML, JSON) stays on the bastion, in
    /var/lib/bedplate/ENV/log/acceptance/, signed by the site's key: see `bedplate report verify`.
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
