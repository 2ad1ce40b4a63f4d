"""An apply that is killed together with Pulumi: python -m factories.killed_apply FOLDER ENVIRONMENT NAME.

A process of its own, because Pulumi leaves unfinished coroutines behind in a process that survives.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from bedplate.cluster import pulumi_stack
from factories.api_server import ApiServer
from factories.api_site import installation, whole_layer
from factories.pretended_bastion import use_bastion
from factories.render_site import make_site
from factories.small_platform import LAYER, VERSION, SmallPlatform


def run_killed_apply(server: ApiServer, platform: SmallPlatform) -> int:
    """Apply a platform's release until the first change, and return the exit status of the killed process."""
    site = platform.site
    words = [sys.executable, "-m", "factories.killed_apply", str(server.folder), str(site.folder), platform.namespace]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(words, env=environment, start_new_session=True, check=False).returncode


def pulumi_processes(platform: SmallPlatform) -> list[str]:
    """Return the programs that run with the platform's own Pulumi settings: the CLI and its provider."""
    home = os.fsencode(pulumi_stack.environment_variables(platform.site)["PULUMI_HOME"])
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if b"PULUMI_HOME=" + home in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "comm").read_text().strip())
    return found


def main(folder: str, environment: str, name: str) -> None:
    """Apply a release; at its first change, kill this process and the Pulumi CLI, which is in its process group."""
    use_bastion(Path(folder), pytest.MonkeyPatch())
    installed = installation(make_site(Path(environment), name=name, release=VERSION))
    pulumi_stack.up(installed.site, whole_layer(installed, LAYER), lambda _: os.killpg(0, signal.SIGKILL))


if __name__ == "__main__":
    main(*sys.argv[1:])
