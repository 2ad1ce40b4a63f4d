"""The command `bedplate pulumi`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

import typer

from bedplate.cli.command_groups import FAILURE, add_command
from bedplate.cli.shared_options import EnvironmentArgument
from bedplate.core.errors import InputError
from bedplate.remote import bastion
from bedplate.render import layer_order

EXAMPLE = "bedplate pulumi lab monitoring -- preview --diff"
EXIT_CODES = {0: "Pulumi succeeded", 1: "Pulumi failed", 2: "bad input"}


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    add_command(app, "pulumi", _pulumi, examples=EXAMPLE, exit_codes=EXIT_CODES)


def _pulumi(
    environment: EnvironmentArgument,
    layer: Annotated[str, typer.Argument(metavar="LAYER", help="Layer of the cluster, such as monitoring.")],
    words: Annotated[list[str], typer.Argument(metavar="-- COMMAND", help="Command and options of Pulumi.")],
) -> None:
    """Run the bundled Pulumi CLI on one layer's stack.

    The program, state and names are those of `bedplate apply`. Changes that you make are not recorded as steps:
    `bedplate apply ENV` brings the layer back to its release.

    A command that changes something takes the environment's lock, as `apply` does; `preview` and other commands that
    only read do not wait.

    Runs on the environment's bastion; from any other machine, it is forwarded there over SSH.
    """
    known = layer_order.layer_names()
    if layer not in known:
        raise InputError(f"layer {layer}", "is not in this release", f"use one of {', '.join(known)}")
    site = bastion.run_on_bastion(environment)
    from bedplate.apply import installation  # noqa: PLC0415  it loads Pulumi, which only the bastion needs
    from bedplate.apply.environment_lock import environment_lock  # noqa: PLC0415  as above
    from bedplate.cluster import pulumi_cli  # noqa: PLC0415  as above

    loaded = installation.load(site)
    with nullcontext() if pulumi_cli.is_read_only(words) else environment_lock(site.lock, site.environment.name):
        code = pulumi_cli.attach(site, layer, loaded.layer(layer), loaded.catalog, words)
    if code != 0:
        raise typer.Exit(FAILURE)
