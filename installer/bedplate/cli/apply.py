"""`bedplate apply`."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.remote import bastion

EPILOG = "Example: bedplate apply lab"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("apply", epilog=EPILOG)(_apply)


def _apply(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Name or folder of the environment.")],
    *,
    all_steps: Annotated[bool, typer.Option("--all-steps", help="Run the steps that are done, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before hosts are changed.")] = False,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Bring an environment to its release: install, upgrade, or go on where the last run stopped.

    Steps that are done are skipped. It runs on the environment's bastion; typed elsewhere, it goes there.
    """
    site = bastion.run_on_bastion(environment)
    # Pulumi's library would warn of each program that is started.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from bedplate.apply import apply_environment  # noqa: PLC0415  it loads Pulumi and Ansible, which only the bastion needs

    console = Console(stderr=True)
    if not yes and sys.stdin.isatty() and sys.stderr.isatty():
        hosts = ", ".join(host.name for host in site.hosts)
        typer.confirm(f"Bring {hosts} to release {site.environment.release}?", default=True, abort=True, err=True)
    summary = apply_environment.run(site, console, every=all_steps)
    done = f"{len(summary.ran)} steps run, {len(summary.skipped)} skipped, "
    change = f"{summary.changed} changes" if summary.changed else "no change"
    text = f"{site.environment.name} is at release {site.environment.release}: {done}{change}, {summary.seconds:.0f} s"
    print_result({"environment": site.environment.name, **summary.as_json()}, output, text)
