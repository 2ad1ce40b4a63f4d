"""Run commands over SSH: pinned host keys, no prompts, one shared connection per host."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import CompletedProcess

from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core import command, paths
from bedplate.core.errors import BedplateError

CONNECT_SECONDS = 10
PERSIST_SECONDS = 60
ALIVE_SECONDS = 10
ALIVE_ATTEMPTS = 3
"""A host that dies in the middle of a command is noticed after ALIVE_SECONDS times ALIVE_ATTEMPTS."""
MAX_SOCKET_PATH = 107
MAX_SOCKET_NAME = 60
"""Bytes: the limit of a socket's path, and of the name that ssh appends to the folder (a digest and a suffix)."""
ALONE = {"ControlMaster": "no", "ControlPath": "none", "KexAlgorithms": "^curve25519-sha256"}
"""Settings of a connection for one command. Hundreds are opened at once, and OpenSSH's first choice of a key exchange
takes seven times the processor time of this one. It protects what must stay secret for decades; here, nothing is."""
FAILED = 255
"""ssh's exit status if it could not connect; any other is the remote program's."""


class UnreachableError(BedplateError):
    """A host cannot be reached over SSH, or does not answer in time."""


@dataclass(frozen=True, slots=True)
class SshTarget:
    """Where to log in.

    Attributes:
        destination: [user@]host.
        known_hosts: the file with the pinned keys; no other key is trusted.
        port: sshd's port.
        identity: private key; None: the one that SSH chooses.
        unreachable_hint: what to do if it does not answer.
    """

    destination: str
    known_hosts: Path
    port: int = 22
    identity: Path | None = None
    unreachable_hint: str = "check address, cabling and sshd"


def host(site: Site, machine: Host) -> SshTarget:
    """Return the target of one of a site's hosts, as the bastion connects to it."""
    return SshTarget(f"{machine.user}@{machine.address}", site.known_hosts, machine.port)


def bastion(site: Site) -> SshTarget:
    """Return the target of a site's bastion, as the user's machine connects to it."""
    settings, machine = site.environment.bastion, site.bastion
    identity = site.folder / Path(settings.identity).expanduser() if settings.identity else None
    destination = settings.address or f"{machine.user}@{machine.address}"
    target = SshTarget(destination, site.known_hosts, machine.port, identity)
    return replace(target, unreachable_hint=site.unreachable_hint) if site.unreachable_hint else target


def options(target: SshTarget, *, keep: int = PERSIST_SECONDS) -> list[str]:
    """Return ssh's options for a target.

    Args:
        target: where to log in.
        keep: seconds for which the connection, a process of its own, is kept for the next command; 0: not shared.
    """
    settings = {
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": str(target.known_hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "UpdateHostKeys": "no",
        "ConnectTimeout": str(CONNECT_SECONDS),
        "ServerAliveInterval": str(ALIVE_SECONDS),
        "ServerAliveCountMax": str(ALIVE_ATTEMPTS),
        "Port": str(target.port),
        "LogLevel": "ERROR",
        **(_shared_connection(keep) if keep else ALONE),
    }
    words = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
    return [*words, "-o", "IdentitiesOnly=yes", "-i", str(target.identity)] if target.identity else words


def argv(target: SshTarget, words: Sequence[str], *, terminal: bool = False, keep: int = PERSIST_SECONDS) -> list[str]:
    """Return the command line that runs a command on a target, with a terminal if one is wanted."""
    flags = ["-tt"] if terminal else []
    return ["ssh", *options(target, keep=keep), *flags, target.destination, "--", shlex.join(words)]


def run(  # noqa: PLR0913  each is one property of a process
    target: SshTarget,
    words: Sequence[str],
    *,
    stdin: bytes | None = None,
    timeout: float | None = None,
    check: bool = True,
    keep: int = PERSIST_SECONDS,
    has_secrets: bool = False,
) -> CompletedProcess[bytes]:
    """Run a command on a target.

    Args:
        target: where to log in.
        words: the command; no shell splits it.
        stdin: bytes for its input.
        timeout: limit in seconds.
        check: raise an error if the command fails.
        keep: seconds for which the connection is kept for the next command.
        has_secrets: log only the size of what the command prints to standard output.

    Raises:
        UnreachableError: the target cannot be reached, or does not answer in time.
        BedplateError: the command failed, and check is on.
    """
    # A shared connection lives on in a process of its own, which other commands use: it belongs to no apply.
    env = {name: value for name, value in os.environ.items() if name != command.APPLY_MARK}
    ssh = argv(target, words, keep=keep)
    try:
        done = command.run(
            ssh, env=env, stdin=stdin, timeout=timeout, check=False, inherit=False, has_secrets=has_secrets
        )
    except command.CommandTimeoutError as error:
        fact = f"failed: no answer within {timeout:g} s"
        raise UnreachableError(f"SSH to {target.destination}", fact, target.unreachable_hint) from error
    if done.returncode == FAILED:
        reason = " ".join(done.stderr.decode(errors="replace").split()).rstrip(".") or "no reason given"
        raise UnreachableError(f"SSH to {target.destination}", f"failed: {reason}", _hint(target, reason))
    if check and done.returncode != 0:
        raise BedplateError(
            f"{words[0]} on {target.destination}",
            f"failed with exit code {done.returncode}:\n{command.last_lines(done, errors_only=has_secrets)}",
        )
    return done


def close(target: SshTarget) -> None:
    """Close the shared connection to a target, if there is one; a machine that is re-created is another machine."""
    command.run(["ssh", *options(target), "-O", "exit", target.destination], check=False)


def _hint(target: SshTarget, reason: str) -> str:
    if "host key" in reason.lower():
        return f"compare the key on the machine's console with {target.known_hosts}"
    if "Permission denied" in reason:
        return "put the public key into the user's authorized_keys there"
    return target.unreachable_hint


def _shared_connection(keep: int) -> dict[str, str]:
    """Return the settings of one connection per host; none if its socket's path would be too long for the kernel."""
    runtime = _runtime_folder()
    folder = (runtime / "bedplate" if runtime else paths.user_state()) / "ssh"
    if len(str(folder)) > MAX_SOCKET_PATH - MAX_SOCKET_NAME:
        return {}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {"ControlMaster": "auto", "ControlPersist": str(keep), "ControlPath": str(folder / "%C")}


def _runtime_folder() -> Path | None:
    """Return this user's folder for sockets; sudo may leave the variable of another user."""
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or ("/run" if os.geteuid() == 0 else "/nonexistent"))
    return folder if folder.is_dir() and folder.stat().st_uid == os.geteuid() else None
