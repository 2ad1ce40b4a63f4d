"""Running other programs from the installer."""

from __future__ import annotations

import os
import subprocess

from .refused import RefusedError


def environment() -> dict[str, str]:
    """Return this process's variables, plus those that suppress prompts and bytecode files."""
    return {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


def run(words: list[str]) -> str:
    """Run a command and return its output; refuse one that fails, with its last lines."""
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise RefusedError(f"command {' '.join(words[:3])}", f"exited with status {done.returncode}:\n{last}")
    return done.stdout
