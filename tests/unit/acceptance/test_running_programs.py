"""What services run: asked of real processes, whose program is then replaced as a package does."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bedplate.acceptance import running_programs
from bedplate.acceptance.running_programs import RunningProgram

SLEEP = shutil.which("sleep") or ""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Return a program of the test's own."""
    return Path(shutil.copy(SLEEP, tmp_path / "daemon"))


@pytest.fixture
def process(program: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the program."""
    with subprocess.Popen([program, "60"]) as started:
        yield started
        started.kill()


def _asked(folder: Path, pid: int) -> dict[str, RunningProgram]:
    """Ask for two units with a stand-in of systemctl: one is the process, the other ended."""
    systemctl = folder / "bin" / "systemctl"
    systemctl.parent.mkdir(exist_ok=True)
    systemctl.write_text(f'#!/bin/sh\nfor unit; do :; done\n[ "$unit" = daemon.service ] && echo {pid} || echo 0\n')
    systemctl.chmod(0o755)
    variables = {**os.environ, "PATH": f"{systemctl.parent}:{os.environ['PATH']}"}
    words = running_programs.words(["daemon.service", "oneshot.service"])
    return running_programs.parse(
        subprocess.run(words, env=variables, capture_output=True, text=True, check=True).stdout
    )


def test_a_program_that_was_not_replaced_is_right(
    tmp_path: Path, program: Path, process: subprocess.Popen[bytes]
) -> None:
    """A process that runs the file that is there has no problem; a unit without a process is left out."""
    found = _asked(tmp_path, process.pid)
    assert found.keys() == {"daemon.service"}
    assert found["daemon.service"].program == str(program)
    assert str(program) in found["daemon.service"].code
    assert found["daemon.service"].problem({}) == ""


def test_a_replaced_program_is_found(tmp_path: Path, program: Path, process: subprocess.Popen[bytes]) -> None:
    """A process whose program was replaced by a rename still runs the old one."""
    fresh = Path(shutil.copy(SLEEP, tmp_path / "daemon.dpkg-new"))
    fresh.replace(program)
    assert _asked(tmp_path, process.pid)["daemon.service"].problem({}) == f"runs {program} (deleted)"


@pytest.mark.parametrize(
    ("program", "code", "problem"),
    [
        ("/opt/bedplate/kubernetes/1.34.3/bin/kubelet", (), ""),
        ("/opt/bedplate/kubernetes/1.34.2/bin/kubelet", (), "runs {program}, the release has 1.34.3"),
        ("/opt/bedplate/registry/3.0.0/bin/registry", (), "runs {program}, the release has no such program"),
        ("/opt/bedplate/kubernetes/1.34.3/bin/kubelet (deleted)", (), "runs {program}"),
        ("/usr/sbin/nginx", ("/usr/lib/libssl.so.3 (deleted)",), "runs old code of /usr/lib/libssl.so.3 (deleted)"),
        ("/usr/sbin/nginx", ("/usr/lib/libssl.so.3",), ""),
        ("/usr/sbin/nginx", ("/memfd:jit (deleted)", "/dev/zero (deleted)"), ""),
    ],
    ids=["current", "older", "of no release", "replaced", "old library", "current library", "no files"],
)
def test_what_is_wrong_with_a_process(program: str, code: tuple[str, ...], problem: str) -> None:
    """A process must run the release's version, and no code of files that were replaced."""
    found = RunningProgram(program, code).problem({"kubernetes": "1.34.3"})
    assert found == problem.format(program=program)
