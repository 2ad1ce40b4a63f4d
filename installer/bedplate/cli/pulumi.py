"""`bedplate pulumi`."""

from __future__ import annotations

from typing import Annotated

import typer

from bedplate.apply import installation
from bedplate.cli import FAILURE
from bedplate.cluster import pulumi_cli
from bedplate.core.errors import InputError
from bedplate.remote import bastion
from bedplate.render import layer_order

EPILOG = "Example: bedplate pulumi lab monitoring -- preview --diff"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("pulumi", epilog=EPILOG)(_pulumi)


def _pulumi(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="Name or folder of the environment.")],
    layer: Annotated[str, typer.Argument(metavar="LAYER", help="Layer of the cluster: one stack each.")],
    words: Annotated[list[str], typer.Argument(metavar="-- WORDS…", help="Pulumi's own command and options.")],
) -> None:
    """Run the bundled Pulumi CLI on a layer's stack: the program, state and names are those of `bedplate apply`.

    The ledger does not hear of what it changes: `bedplate apply ENV --all-steps` brings the layer back to its release.
    """
    if layer not in layer_order.layer_names():
        raise InputError(
            f"layer {layer}", "is not one of this release's", f"take one of {', '.join(layer_order.layer_names())}"
        )
    site = bastion.run_on_bastion(environment)
    one = installation.load(site)
    if pulumi_cli.attach(site, layer, one.layer(layer), one.catalog, words) != 0:
        raise typer.Exit(FAILURE)
