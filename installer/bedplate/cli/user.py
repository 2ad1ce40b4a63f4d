"""`bedplate user`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bedplate.config import users
from bedplate.core.errors import InputError

EXAMPLE = "Example: bedplate user set /etc/bedplate/users.yaml ada --group physicists"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    users = typer.Typer(no_args_is_help=True, help="The users file of a site without another provider; on its bastion.")
    users.command("set", epilog=EXAMPLE)(_set)
    users.command("remove", epilog="Example: bedplate user remove /etc/bedplate/users.yaml ada")(_remove)
    app.add_typer(users, name="user")


def _set(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The users file; made if it is not there.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user's name, in lower case.")],
    group: Annotated[list[str], typer.Option(help="A group of the user; may be given again.")],
) -> None:
    """Add a user, or give one a new password and new groups.

    The password is asked for, or read from standard input; only its hash is written.
    The next `bedplate apply` brings it in.
    """
    accounts = users.read(file) if file.exists() else users.Accounts()
    users.write(file, users.with_user(accounts, name, _password(name), group))
    typer.echo(f"{name} is in {file}. Next: bedplate apply ENV")


def _remove(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The users file.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")],
) -> None:
    """Remove a user; the user's volumes stay. The next `bedplate apply` brings it in."""
    accounts = users.read(file)
    if name not in {user.name for user in accounts.users}:
        raise InputError(f"user {name}", f"is not in {file}")
    users.write(file, users.without_user(accounts, name))
    typer.echo(f"{name} is no longer in {file}. Next: bedplate apply ENV")


def _password(name: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True))
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise InputError("password", "is empty", "give it on standard input")
    return password
