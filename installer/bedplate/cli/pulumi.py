"""The command `bedplate pulumi`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

import typer

from bedplate.cli.command_groups import FAILURE, add_command
from bedplate.cli.shared_options import EnvironmentArgument
from bedplate.remote import bastion

EXAMPLE = "bedplate pulumi lab prometheus -- preview --diff"
EXIT_CODES = {0: "Pulumi succeeded", 1: "Pulumi failed", 2: "bad input"}


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    add_command(app, "pulumi", _pulumi, examples=EXAMPLE, exit_codes=EXIT_CODES)


def _pulumi(
    environment: EnvironmentArgument,
    stack: Annotated[
        str, typer.Argument(metavar="STACK", help="Stack, such as prometheus, or a layer for all its stacks.")
    ],
    words: Annotated[list[str], typer.Argument(metavar="-- COMMAND", help="Command and options of Pulumi.")],
) -> None:
    """Run the bundled Pulumi CLI on a stack of the cluster.

    The program, state and names are those of `bedplate apply`. Changes that you make are not recorded as steps:
    `bedplate apply ENV` brings the stack back to its release.

    A component has a stack of its own name. Its definitions of kinds (…-definitions), its custom resources
    (…-resources) and its objects in tenants' namespaces (…-tenants-1) have others. The name of a layer stands for all
    its stacks: the command is run on each, in their order, until one fails.

    A command that changes something takes the environment's lock, as `apply` does; `preview` and other commands that
    only read do not wait.

    Runs on the environment's bastion; from any other machine, it is forwarded there over SSH.
    """
    site = bastion.run_on_bastion(environment)
    from bedplate.apply import installation  # noqa: PLC0415  it loads Pulumi, which only the bastion needs
    from bedplate.apply.environment_lock import environment_lock  # noqa: PLC0415  as above
    from bedplate.cluster import pulumi_cli  # noqa: PLC0415  as above

    contents = installation.load(site).stacks(stack)
    with nullcontext() if pulumi_cli.is_read_only(words) else environment_lock(site.lock, site.environment.name):
        if any(pulumi_cli.attach(site, content, words) != 0 for content in contents):
            raise typer.Exit(FAILURE)
