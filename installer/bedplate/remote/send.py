"""An environment's folder on its way to its bastion (contract 11).

It carries no signature of its own: docs/decisions/carried-environments.md.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from bedplate.config.environments import ON_BASTION, Site
from bedplate.core import command
from bedplate.core.errors import BedplateError
from bedplate.hosts import ssh

SENT_FILES = ("environment.yaml", "hosts.yaml", "known_hosts", "pki")
BUSY = 75
"""Exit status of TAKE_IN while an apply runs (EX_TEMPFAIL of sysexits.h)."""
RECEIVE_SCRIPT = """
set -eu
name=$1 target=$2 lock=$3 busy=$4
mkdir -p "${target%/*}" "${lock%/*}"
exec 8>>"${target%/*}/.$name.lock"
flock 8
fresh=$target.new old=$target.old
# One that was stopped between the two renames left the old folder alone.
if [ -e "$old" ] && [ ! -e "$target" ]; then mv "$old" "$target"; fi
rm -rf "$fresh" "$old"
mkdir -m 755 "$fresh"
tar -x --no-same-owner -C "$fresh"
# What the bastion itself put into pki/, its CA's certificate, stays.
if [ -d "$target/pki" ]; then mkdir -p "$fresh/pki"; cp -an "$target/pki/." "$fresh/pki/"; fi
if diff -rq "$target" "$fresh" >/dev/null 2>&1; then rm -rf "$fresh"; exit 0; fi
exec 9>>"$lock"
flock --nonblock 9 || { rm -rf "$fresh"; exit "$busy"; }
if [ -e "$target" ]; then mv "$target" "$old"; fi
mv "$fresh" "$target"
rm -rf "$old"
"""
"""Shell on the bastion; its words: the environment's name, its folder's place, the lock that an apply holds, BUSY."""


def send_environment(site: Site) -> None:
    """Carry the environment's folder to its bastion; it appears there whole or not at all.

    BedplateError where it would change while an apply works with it.
    """
    name = site.environment.name
    words = ["sh", "-c", RECEIVE_SCRIPT, "sh", name, str(ON_BASTION / name), str(site.lock), str(BUSY)]
    done = ssh.run(ssh.bastion(site), words, stdin=pack_environment(site.folder), check=False)
    if done.returncode == BUSY:
        fact = "is being changed by an apply, and this computer has another version of it"
        raise BedplateError(f"environment {name}", fact, "wait for the end of the apply")
    if done.returncode != 0:
        raise BedplateError(
            f"environment {name}", f"cannot be taken in:\n{command.last_lines(done)}", "look at the bastion"
        )


def pack_environment(folder: Path) -> bytes:
    """Return a tar of what of an environment's folder travels: public files alone."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in SENT_FILES:
            if (folder / name).exists():
                tar.add(folder / name, name)
    return buffer.getvalue()
