"""Who runs a command, and from which git revision of the environment; both travel with a forwarded command."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from bedplate.core import command
from bedplate.core.errors import BedplateError

USER, REVISION = "BEDPLATE_USER", "BEDPLATE_REVISION"
"""Variables of a forwarded command. They are what the sender's computer says; nothing proves them."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The origin of a command.

    Attributes:
        user: user@computer where it was typed.
        revision: git commit of the environment's folder there, with `-dirty` if files in it differ; empty without git.
    """

    user: str
    revision: str

    def variables(self) -> dict[str, str]:
        """Return the variables that tell the bastion."""
        return {USER: self.user, REVISION: self.revision}


def read_caller(folder: Path) -> Caller:
    """Return the origin of this command: the computer that forwarded it, or this one.

    Args:
        folder: the environment's folder on this computer.
    """
    if user := os.environ.get(USER):
        return Caller(user, os.environ.get(REVISION, ""))
    user = os.environ.get("SUDO_USER") or getpass.getuser()
    return Caller(f"{user}@{socket.gethostname()}", _revision(folder))


def _revision(folder: Path) -> str:
    try:
        head = command.run(["git", "-C", folder, "rev-parse", "HEAD"], check=False)
        changed = command.run(["git", "-C", folder, "status", "--porcelain", "--", "."], check=False)
    except BedplateError:
        return ""
    if head.returncode or changed.returncode:
        return ""
    return head.stdout.decode().strip() + ("-dirty" if changed.stdout else "")
