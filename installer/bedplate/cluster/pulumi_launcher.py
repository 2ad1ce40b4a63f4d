"""Launchers of the Pulumi CLI and its provider, which end with the process that started them.

A killed run would otherwise leave the provider behind for minutes: it belongs to the CLI, not to this process, so
nothing here could stop it.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from bedplate.core import files


def ensure_launcher(path: Path, program: Path) -> None:
    """Write a script that runs a program; the kernel kills the program when the script's parent ends, however it ends.

    Killing is safe: the next run breaks the stack's lock and repeats its open operations.
    """
    text = f'#!/bin/sh\nexec setpriv --pdeathsig KILL -- {shlex.quote(str(program))} "$@"\n'
    if path.is_symlink() or not path.is_file() or path.read_text() != text:
        files.write_atomic(path, text, mode=0o755)
