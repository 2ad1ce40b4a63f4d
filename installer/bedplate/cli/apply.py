"""The command `bedplate apply`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bedplate.cli.check import check_folder
from bedplate.cli.command_groups import add_command
from bedplate.cli.printing import OutputFormat, OutputOption, print_result
from bedplate.cli.shared_options import EnvironmentArgument
from bedplate.config import environments
from bedplate.core.errors import BedplateError, ErrorList
from bedplate.core.sizes import count_of
from bedplate.remote import bastion

if TYPE_CHECKING:
    from bedplate.apply.run_steps import ApplySummary
    from bedplate.config.environment_file import Environment

EXIT_CODES = {
    0: "the environment is at its release",
    1: "a step failed, hosts were passed by, or something else is left to do",
    2: "bad input; nothing was changed",
}
EXAMPLES = """bedplate apply lab
bedplate apply bank --limit worker7,worker8"""


def refuse_before_sending(folder: Path) -> None:
    """Raise ErrorList if an environment has errors, before it is sent to its bastion and replaces the folder there.

    The bastion checks again, by the release's own installer.
    """
    if not folder.is_relative_to(environments.ON_BASTION) and (errors := check_folder(folder).errors):
        raise ErrorList(errors)


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    add_command(app, "apply", _apply, examples=EXAMPLES, exit_codes=EXIT_CODES)


def _apply(  # noqa: PLR0913  each is an option
    environment: EnvironmentArgument,
    *,
    all_steps: Annotated[bool, typer.Option("--all-steps", help="Also run steps that are done.")] = False,
    unsupported: Annotated[
        bool,
        typer.Option("--unsupported", help="Allow a downgrade, or an upgrade that the release does not list."),
    ] = False,
    limit: Annotated[
        str, typer.Option(metavar="HOST,…", help="Configure only these hosts.", show_default="all that answer")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before hosts are changed.")] = False,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Install, upgrade, or resume where the last run stopped.

    Brings all hosts and the cluster to the release that environment.yaml names. Steps that are done are skipped. If a
    host's files, packages, units, settings or rules differ from what the last run left, its steps run there again.

    Workers that do not answer, or are in the group maintenance of hosts.yaml, are passed by and named. A later run
    configures them. Those in maintenance do not change the exit code. At the end, every node that was not passed by
    must be Ready; apply waits two minutes for that.

    Refused before anything is changed: a release that does not list the applied one in `upgradesFrom`, an older
    release, and one with another Kubernetes, etcd or containerd than those that run.

    Runs on the environment's bastion; from any other machine, it is forwarded there over SSH.
    """
    refuse_before_sending(environments.find(environment))
    site = bastion.run_on_bastion(environment)
    # Pulumi's library would warn of each program that is started.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from bedplate.apply import apply_environment  # noqa: PLC0415  it loads Pulumi and Ansible, which only the bastion needs

    console = Console(stderr=True)
    names = [name.strip() for name in limit.split(",") if name.strip()]
    asks = not yes and sys.stdin.isatty() and sys.stderr.isatty()
    if asks:
        hosts = ", ".join(names or [host.name for host in site.hosts if not host.in_maintenance])
        typer.confirm(f"Bring {hosts} to release {site.environment.release}?", default=True, abort=True, err=True)
    confirm = _confirm_removal if asks else lambda _: None
    summary = apply_environment.run(
        site, console, every=all_steps, unsupported=unsupported, limit=names, confirm=confirm
    )
    print_result(
        {"environment": site.environment.name, **summary.as_json()}, output, summary_text(site.environment, summary)
    )
    if not summary.is_complete:
        raise incomplete(summary)


def _confirm_removal(question: str) -> None:
    typer.confirm(question, default=False, abort=True, err=True)


def summary_text(environment: Environment, summary: ApplySummary) -> str:
    """Return what an apply did, and which hosts it passed by."""
    is_at = "is at release" if summary.is_complete else "is not yet at release"
    done = f"{count_of(len(summary.ran), 'step')} run, {len(summary.skipped)} skipped, "
    change = count_of(summary.changed, "change") if summary.changed else "no change"
    first = f"environment {environment.name} {is_at} {environment.release}: {done}{change}, {summary.seconds:.0f} s"
    passed_by = [f"  {name} was passed by: {reason}" for name, reason in summary.passed_by.items()]
    return "\n".join([first, *passed_by, *(f"  {text}" for text in summary.left)])


def incomplete(summary: ApplySummary) -> BedplateError:
    """Return the error that names the hosts which should have been configured, or says what else is left."""
    if not summary.silent:
        return BedplateError(
            "the apply", f"is incomplete: {'; '.join(summary.left)}", "run the same command again later"
        )
    noun, verb, them = ("host", "was", "it") if len(summary.silent) == 1 else ("hosts", "were", "them")
    hint = f"repair {them} and run the same command again, or list {them} in the group maintenance of hosts.yaml"
    return BedplateError(f"{noun} {', '.join(summary.silent)}", f"{verb} passed by: the apply is incomplete", hint)
