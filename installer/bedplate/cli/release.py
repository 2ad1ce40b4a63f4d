"""The commands `bedplate release list` and `bedplate release remove`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from bedplate.apply import releases
from bedplate.apply.releases import StoredRelease
from bedplate.cli.command_groups import add_command, new_group
from bedplate.cli.printing import OutputFormat, OutputOption, print_result, table, table_console
from bedplate.core.sizes import count_of, human
from bedplate.remote import bastion

EnvironmentOption = Annotated[
    str, typer.Option("--env", metavar="ENV", help="Run on this environment's bastion.", show_default="this machine")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    group = new_group("Show the releases on a bastion; remove one to free space.")
    add_command(group, "list", _list, examples="bedplate release list --env lab")
    add_command(group, "remove", _remove, examples="bedplate release remove 2026.11.0 --env lab")
    app.add_typer(group, name="release")


def _list(env: EnvironmentOption = "", output: OutputOption = OutputFormat.TEXT) -> None:
    """List the releases in a bastion's store.

    Shows each release's size, the space that removing it would free, and the environments that run it.
    """
    if env:
        bastion.run_on_bastion(env, needs_release=False)
    stored = releases.stored()
    print_result([asdict(release) for release in stored], output, lambda: _print(stored))


def _print(stored: list[StoredRelease]) -> None:
    rows = [
        (release.version, human(release.size), human(release.alone), ", ".join(release.environments) or "none")
        for release in stored
    ]
    listed = table("release", "size", "frees", "environments", rows=rows)
    table_console().print(listed if stored else "This bastion's store has no releases.")


def _remove(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Version of the release.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Remove it even if an environment runs it.")] = False,
    env: EnvironmentOption = "",
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Remove a release from a bastion's store and mirror.

    Removes everything that no other release uses, including unused programs in /opt/bedplate. The installer that runs
    this command stays. If the command is stopped, run it again: it resumes.
    """
    if env:
        bastion.run_on_bastion(env, needs_release=False)
    freed = releases.remove(version, force=force)
    what = f"{count_of(freed.blobs, 'blob')}, {count_of(freed.folders, 'program folder')}"
    text = f"release {version} removed: {what}, {human(freed.size)} freed"
    print_result({"release": version, **asdict(freed)}, output, text)
