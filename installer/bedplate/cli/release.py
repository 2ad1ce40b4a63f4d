"""`bedplate release list|remove`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from bedplate.apply import releases
from bedplate.apply.releases import StoredRelease
from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table_console
from bedplate.core.sizes import human
from bedplate.remote import bastion

EnvironmentOption = Annotated[
    str, typer.Option("--env", help="Environment on whose bastion it runs.", show_default="this machine")
]


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    group = typer.Typer(help="The releases on a bastion: what its store holds for them.", no_args_is_help=True)
    group.command("list", epilog="Example: bedplate release list --output json")(_list)
    group.command("remove", epilog="Example: bedplate release remove 2026.11.0")(_remove)
    app.add_typer(group, name="release")


def _list(env: EnvironmentOption = "", output: OutputOption = OutputFormat.TEXT) -> None:
    """Show the releases in a bastion's store, what removing each would free, and which environments run it."""
    if env:
        bastion.run_on_bastion(env, needs_release=False)
    found = releases.stored()
    print_result([asdict(one) for one in found], output, lambda: _print(found))


def _print(found: list[StoredRelease]) -> None:
    table = Table("release", "size", "frees", "environments", box=None, pad_edge=False)
    for one in found:
        table.add_row(one.version, human(one.size), human(one.alone), ", ".join(one.environments) or "none")
    table_console().print(table if found else "no release is in this bastion's store")


def _remove(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="The release.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Although an environment runs it.")] = False,
    env: EnvironmentOption = "",
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Remove a release from a bastion's store and mirror, with all that no other release uses.

    Programs in /opt/bedplate go, too, where no link leads to them; the installer that runs stays. Stopped at any
    moment, the same command goes on.
    """
    if env:
        bastion.run_on_bastion(env, needs_release=False)
    freed = releases.remove(version, force=force)
    programs = f"{freed.folders} folders of programs"
    text = f"release {version} is gone: {freed.blobs} blobs, {human(freed.size)} freed, {programs}"
    print_result({"release": version, **asdict(freed)}, output, text)
