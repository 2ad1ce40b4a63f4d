"""The command `bedplate verify`: an acceptance run."""

from __future__ import annotations

import typer
from rich.console import Console

from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table_console
from bedplate.cli.shared_options import EnvironmentArgument
from bedplate.core.locks import try_lock
from bedplate.pki.site_key import ensure_site_key, public_key
from bedplate.remote import bastion, run_reports

EXIT_CODES = {
    0: "every test passed, and no packet tried to leave",
    1: "a test failed or was skipped, or a packet tried to leave",
    2: "bad input; nothing was tested",
}


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    add_command(app, "verify", _verify, examples="bedplate verify lab", exit_codes=EXIT_CODES)


def _verify(environment: EnvironmentArgument, output: OutputOption = OutputFormat.TEXT) -> None:
    """Run the acceptance tests against the live platform.

    The tests use the platform as its users do. They create servers and pods in namespaces of their own, look at
    nothing that users made, and remove everything again. The report (HTML to print, JUnit XML, JSON) is on the
    bastion, in /var/lib/bedplate/environments/ENV/log/acceptance/, signed by the site's key; `bedplate report verify`
    verifies it. The last 50 reports are kept there.

    Runs on the environment's bastion; from any other machine, it is forwarded there over SSH, and the report is copied
    back.
    """
    site = bastion.run_on_bastion(environment, run_there=run_reports.forward)
    from bedplate.acceptance import acceptance_report, report_signature, run_comparison, runner  # noqa: PLC0415  it loads pytest, which only the bastion needs
    from bedplate.apply import installation  # noqa: PLC0415  as above

    console, name = Console(stderr=True), run_reports.chosen_name()
    reports = site.state / run_reports.FOLDER
    # The console keeps the real standard error, which pytest takes away from the tests.
    live = Console(file=console.file, force_terminal=console.is_terminal)
    busy = try_lock(site.state / "verify.lock", f"environment {environment}", "is being verified by another run")
    with busy, live.status("reading the tests") as status:
        run_reports.remove_oldest(reports)
        subject, log, run_id = installation.load(site), reports / name / "pytest.log", run_reports.run_id(name)
        run = runner.run_acceptance(subject, log, run_id=run_id, on_start=status.update)
        if earlier := run_comparison.last_signed(reports, lambda _: public_key(site)):
            run = run.model_copy(update={"comparison": run_comparison.compare(earlier, run.checks)})
        page = acceptance_report.write(run, reports / name)
        report_signature.sign_report(run, reports / name, ensure_site_key(site))
    print_result({**run.as_json(), "report": str(page)}, output, lambda: acceptance_report.show(run, table_console()))
    if output is OutputFormat.TEXT:
        console.print(f"Report: {page}", highlight=False)
    raise typer.Exit(0 if run.is_green else 1)
