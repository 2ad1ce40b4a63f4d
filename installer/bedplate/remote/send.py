"""Sending an environment's folder to its bastion (contract 11, docs/explanation/design.md).

It has no signature of its own; see docs/decisions/carried-environments.md.
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
"""Exit status of RECEIVE_SCRIPT while an apply runs (EX_TEMPFAIL of sysexits.h)."""
RECEIVE_SCRIPT = """
set -eu
name=$1 target=$2 lock=$3 busy=$4
mkdir -p "${target%/*}" "${lock%/*}"
exec 8>>"${target%/*}/.$name.lock"
flock 8
fresh=$target.new old=$target.old
# A run that was stopped between the two renames left only the old folder.
if [ -e "$old" ] && [ ! -e "$target" ]; then mv "$old" "$target"; fi
rm -rf "$fresh" "$old"
mkdir -m 755 "$fresh"
tar -x --no-same-owner -C "$fresh"
# Keep what the bastion itself put into pki/: its CA's certificate.
if [ -d "$target/pki" ]; then mkdir -p "$fresh/pki"; cp -an "$target/pki/." "$fresh/pki/"; fi
if diff -rq "$target" "$fresh" >/dev/null 2>&1; then rm -rf "$fresh"; exit 0; fi
exec 9>>"$lock"
flock --nonblock 9 || { rm -rf "$fresh"; exit "$busy"; }
if [ -e "$target" ]; then mv "$target" "$old"; fi
mv "$fresh" "$target"
rm -rf "$old"
"""
"""Shell script on the bastion; arguments: the environment's name, its folder, the environment lock, BUSY."""


def send_environment(site: Site) -> None:
    """Send the environment's folder to its bastion, where it is replaced as a whole.

    Raises:
        BedplateError: an apply is running there, and the folder would change.
    """
    name = site.environment.name
    words = ["sh", "-c", RECEIVE_SCRIPT, "sh", name, str(ON_BASTION / name), str(site.lock), str(BUSY)]
    done = ssh.run(ssh.bastion(site), words, stdin=pack_environment(site.folder), check=False)
    if done.returncode == BUSY:
        fact = "is in use by an apply, and this computer has another version of it"
        raise BedplateError(f"environment {name}", fact, "wait until the apply ends")
    if done.returncode != 0:
        raise BedplateError(
            f"environment {name}",
            f"cannot be received by the bastion:\n{command.last_lines(done)}",
            "check the bastion",
        )


def pack_environment(folder: Path) -> bytes:
    """Return a tar of the files of an environment that are sent: only public ones."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in SENT_FILES:
            if (folder / name).exists():
                tar.add(folder / name, name)
    return buffer.getvalue()
