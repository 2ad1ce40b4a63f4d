"""A command that is run."""

from __future__ import annotations

import os
import subprocess

from .refused import RefusedError


def environment() -> dict[str, str]:
    """Return this process's variables, and those that keep programs from asking and from writing bytecode."""
    return {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


def run(words: list[str]) -> str:
    """Return what a command printed; one that fails is refused with its last lines."""
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise RefusedError(f"command {' '.join(words[:3])}", f"ended with {done.returncode}:\n{last}")
    return done.stdout
