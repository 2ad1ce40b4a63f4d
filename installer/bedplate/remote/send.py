"""Sending an environment's folder to its bastion (contract 11, docs/explanation/design.md).

It has no signature of its own; see docs/decisions/carried-environments.md.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from bedplate.config import environment_state
from bedplate.config.environments import ON_BASTION, Site
from bedplate.config.published_files import PUBLISHED
from bedplate.core import command
from bedplate.core.errors import BedplateError
from bedplate.hosts import ssh

SENT_FILES = ("environment.yaml", "hosts.yaml", "known_hosts", "pki")
BUSY = 75
"""Exit status of RECEIVE_SCRIPT while an apply runs (EX_TEMPFAIL of sysexits.h)."""
RECEIVE_SCRIPT = """
set -eu
name=$1 target=$2 lock=$3 former=$4 busy=$5
mkdir -p "${target%/*}"
exec 8>>"${target%/*}/.$name.lock"
flock 8
fresh=$target.new old=$target.old
# A run that was stopped between the two renames left only the old folder.
if [ -e "$old" ] && [ ! -e "$target" ]; then mv "$old" "$target"; fi
rm -rf "$fresh" "$old"
mkdir -m 755 "$fresh"
tar -x --no-same-owner -C "$fresh"
# Keep what the bastion itself put into pki/, such as its CA's certificate; it is not sent.
if [ -d "$target/pki" ]; then mkdir -p "$fresh/pki"; cp -an "$target/pki/." "$fresh/pki/"; fi
if diff -rq "$target" "$fresh" >/dev/null 2>&1; then rm -rf "$fresh"; exit 0; fi
# An apply of an earlier release holds the lock where the state was then.
if [ -e "$former" ] && ! [ "$former" -ef "$lock" ]; then
    exec 7>>"$former"
    flock --nonblock 7 || { rm -rf "$fresh"; exit "$busy"; }
fi
mkdir -p "${lock%/*}"
exec 9>>"$lock"
flock --nonblock 9 || { rm -rf "$fresh"; exit "$busy"; }
if [ -e "$target" ]; then mv "$target" "$old"; fi
mv "$fresh" "$target"
rm -rf "$old"
"""
"""Shell script on the bastion.

Arguments: the environment's name, its folder, the environment lock, the lock of earlier releases, BUSY.
"""


def send_environment(site: Site) -> None:
    """Send the environment's folder to its bastion, where it is replaced as a whole.

    Raises:
        BedplateError: an apply is running there, and the folder would change.
    """
    name = site.environment.name
    former = environment_state.former_folder(name) / environment_state.LOCK
    locks = [str(site.lock), str(former)]
    words = ["sh", "-c", RECEIVE_SCRIPT, "sh", name, str(ON_BASTION / name), *locks, str(BUSY)]
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
    """Return a tar of the files of an environment that are sent: only public ones, and none that the bastion writes."""
    own, buffer = {f"pki/{name}" for name in PUBLISHED}, io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in SENT_FILES:
            if (folder / name).exists():
                tar.add(folder / name, name, filter=lambda member: None if member.name in own else member)
    return buffer.getvalue()
