"""The commands `bedplate user set` and `bedplate user remove`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bedplate.cli.command_groups import add_command, new_group
from bedplate.config import users
from bedplate.core.errors import InputError

GROUP = """Manage the people who may log in, in a users file.

The users file is for a site without another identity provider. It is on the site's bastion.
"""
UserArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the user, in lowercase.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    group = new_group(GROUP)
    file = "/etc/bedplate/users.yaml"
    add_command(group, "set", _set, examples=f"bedplate user set {file} ada --group physicists")
    add_command(group, "remove", _remove, examples=f"bedplate user remove {file} ada")
    app.add_typer(group, name="user")


def _set(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The users file; created if it does not exist.")],
    name: UserArgument,
    group: Annotated[list[str], typer.Option(metavar="NAME", help="Group of the user. Repeatable.")],
) -> None:
    """Add a user, or give a user a new password and new groups.

    Prompts for the password, or reads it from standard input. The file has only its hash. Takes effect at the next
    apply.
    """
    accounts = users.read(file) if file.exists() else users.Accounts()
    users.write(file, users.with_user(accounts, name, _password(name), group))
    typer.echo(f"{name} is in {file}; takes effect at the next `bedplate apply ENV`")


def _remove(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The users file.")],
    name: UserArgument,
) -> None:
    """Remove a user; the user's volumes stay.

    Takes effect at the next apply.
    """
    accounts = users.read(file)
    if name not in {user.name for user in accounts.users}:
        raise InputError(f"user {name}", f"is not in {file}", "check the name")
    users.write(file, users.without_user(accounts, name))
    typer.echo(f"{name} is no longer in {file}; takes effect at the next `bedplate apply ENV`")


def _password(name: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True))
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise InputError("password", "is empty", "write it to standard input")
    return password
