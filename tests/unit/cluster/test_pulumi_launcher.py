"""Pulumi's processes end with the process that started them, however it ends."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bedplate.cluster.pulumi_launcher import ensure_launcher
from factories import need_program

CLI = """#!/bin/sh
"$1" 300 &
echo $! $$
wait
"""
RUN = """#!/bin/sh
"$@" &
wait
"""


def test_a_killed_run_leaves_no_process(tmp_path: Path) -> None:
    """When a run is killed, the kernel ends the CLI that it started, and the provider that the CLI started."""
    need_program("setpriv")
    ensure_launcher(tmp_path / "provider", Path(shutil.which("sleep") or ""))
    for name, text in {"cli-program": CLI, "run": RUN}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    ensure_launcher(tmp_path / "cli", tmp_path / "cli-program")
    words = [tmp_path / "run", tmp_path / "cli", tmp_path / "provider"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        processes = [int(word) for word in run.stdout.readline().split()]
        assert len(processes) == 2
        _wait_until(
            lambda: Path(f"/proc/{processes[0]}/comm").read_text() == "sleep\n"
        )  # the launcher has done its work
        assert _runs(processes[1])
        run.kill()
        run.wait()
        _wait_until(lambda: not any(_runs(process) for process in processes))


def _wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _runs(process: int) -> bool:
    """Return whether a process runs: it exists, and is not a zombie that only waits for init."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_launcher_replaces_an_earlier_link_and_not_the_program(tmp_path: Path) -> None:
    """A state folder of an earlier version has links to the programs."""
    program, launcher = tmp_path / "program", tmp_path / "launcher"
    program.write_text("#!/bin/sh\necho ran $*\n")
    program.chmod(0o755)
    launcher.symlink_to(program)
    ensure_launcher(launcher, program)
    assert not launcher.is_symlink()
    written = launcher.stat().st_mtime_ns
    ensure_launcher(launcher, program)
    assert launcher.stat().st_mtime_ns == written
    assert subprocess.check_output([launcher, "a", "b"], text=True) == "ran a b\n"
