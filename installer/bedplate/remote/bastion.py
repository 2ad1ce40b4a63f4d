"""Forwarding of commands to the bastion over SSH (contract 11, docs/explanation/design.md)."""

from __future__ import annotations

import io
import os
import select
import signal
import sys
import tarfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bedplate import validate
from bedplate.config import environments
from bedplate.config.environment_state import ensure_state_moved
from bedplate.config.environments import ON_BASTION, Site
from bedplate.core import command, paths, proxies
from bedplate.core.errors import BedplateError, ErrorList
from bedplate.hosts import ssh
from bedplate.remote import release_installer, send
from bedplate.remote.caller import read_caller

BEDPLATE = "/usr/local/bin/bedplate"
NONE = 44
"""Exit status of the command that copies an entry, if there is no such entry."""
FORWARDED = "BEDPLATE_FORWARDED"
"""Variable set for a forwarded command, which then ends when its caller is gone."""


def run_on_bastion(
    name: str, *, needs_release: bool = True, run_there: Callable[[Site, Sequence[str], str], int] | None = None
) -> Site:
    """Return the environment if this is its bastion; otherwise run the command there and exit with its code.

    Args:
        name: the environment, as typed.
        needs_release: whether the command needs the environment's release; see `checked_site`.
        run_there: runs the command's arguments there, instead of `forward`.

    Raises:
        ErrorList: the environment's files have errors; then no host is contacted.
    """
    site = checked_site(name, needs_release=needs_release)
    if site.is_here:
        return site
    sys.exit((run_there or forward)(site, sys.argv[1:], name))


def checked_site(name: str, *, needs_release: bool = True) -> Site:
    """Return the environment of a command after checking its files; `is_here` says whether the command runs here.

    On a bastion, the installer of the environment's release takes over.

    Args:
        name: the environment, as typed.
        needs_release: if false, the bastion accepts an environment whose release is not installed yet, and the
            installer that was called runs the command.

    Raises:
        ErrorList: the environment's files have errors.
    """
    folder = environments.find(name)
    on_bastion = folder.is_relative_to(ON_BASTION)
    if on_bastion:
        release_installer.refuse_other_trees()
    if on_bastion and needs_release:
        release_installer.use_release_installer(folder)
    checked = needs_release or not on_bastion
    if checked and (errors := validate.check(folder)):
        raise ErrorList(errors)
    site = environments.load(folder)
    if site.is_here:
        ensure_state_moved(site.environment.name)
        _end_with_caller()
        proxies.ignore_proxies()
    return site


def forward(site: Site, words: Sequence[str], name: str = "", settings: Mapping[str, str] | None = None) -> int:
    """Send the environment to its bastion, run a Bedplate command there and return its exit code.

    Standard output and error stay separate and are passed on as they arrive, with a terminal if there is one.

    Args:
        site: the environment.
        words: the arguments of `bedplate`.
        name: the argument that names the environment, as typed (it may be a path).
        settings: variables for the command.
    """
    send.send_environment(site)
    remote_words = [_renamed(word, name, site.environment.name) for word in words]
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    colours = {"TERM": os.environ.get("TERM", "")} if terminal else {}
    caller = read_caller(site.folder).variables()
    variables = {FORWARDED: "1", "COLUMNS": str(_columns()), **colours, **caller, **(settings or {})}
    remote = ["env", *(f"{key}={value}" for key, value in variables.items()), BEDPLATE, *remote_words]
    code = command.run_in_terminal(ssh.argv(ssh.bastion(site), remote, terminal=terminal))
    if code == ssh.FAILED:
        raise BedplateError(
            f"bastion {site.bastion.name}", "was lost while the command ran", "run it again: it resumes"
        )
    return code


def fetch(site: Site, folder: str, name: str, into: Path | None = None) -> Path | None:
    """Copy one entry of a folder in the environment's state from its bastion; return its path here.

    Args:
        site: the environment.
        folder: the folder, below the state.
        name: the entry's name; never the newest one, which may be that of another run.
        into: where the copy goes; by default the user's state folder.

    Returns:
        The path here, or None if the bastion has no such entry.
    """
    script = 'cd "$1" 2>/dev/null && [ -e "$2" ] || exit "$3"; exec tar -c "$2"'
    words = ["sh", "-c", script, "sh", str(site.state / folder), name, str(NONE)]
    done = ssh.run(ssh.bastion(site), words, check=False, has_secrets=True)
    if done.returncode == NONE:
        return None
    if done.returncode != 0:
        reason = command.last_lines(done, errors_only=True)
        raise BedplateError(f"{folder}/{name} of the bastion", f"cannot be copied:\n{reason}")
    target = into or reports_folder(site.environment.name)
    target.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        tar.extractall(target, filter="data")
    return target / name


def reports_folder(name: str) -> Path:
    """Return the folder in the user's state for copied reports of an environment."""
    return paths.user_state() / "reports" / name


def _renamed(word: str, typed: str, name: str) -> str:
    """Replace the environment as typed by its name on the bastion, in ENV, --option ENV and --option=ENV."""
    option, equals, value = word.partition("=")
    if typed and word == typed:
        return name
    return f"{option}={name}" if option.startswith("--") and equals and value == typed else word


def _columns() -> int:
    try:
        return os.get_terminal_size().columns
    except OSError:
        return 120


def _end_with_caller() -> None:
    """End a forwarded command when its caller is gone; without a terminal, SSH does not signal it."""
    if os.environ.pop(FORWARDED, None) and not sys.stdout.isatty():
        threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    gone = select.poll()
    gone.register(sys.stdout.fileno(), select.POLLERR | select.POLLHUP)
    gone.poll()
    os.kill(os.getpid(), signal.SIGINT)
