"""Programs that run in the background of a test run: they end with it, even when it is killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108  each run creates a folder of its own in it
ENOUGH = 512 << 20
"""Bytes that etcd's files may need. If memory has less, they are kept on the disk."""
PREFIX = "bedplate-apiserver-"
LOCK = "lock"
TAIL_LINES = 30


@dataclass(frozen=True, slots=True)
class BackgroundProgram:
    """A program that runs in the background.

    Attributes:
        name: its name in messages.
        process: the running process.
        log: the file with all its output.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise RuntimeError with the end of the log if the program has ended."""
        if (code := self.process.poll()) is not None:
            raise RuntimeError(f"{self.name} ended with {code}:\n{self.tail()}")

    def tail(self) -> str:
        """Return the last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:])


@contextmanager
def program(name: str, words: Sequence[str | Path], log: Path) -> Iterator[BackgroundProgram]:
    """Run a program until the block ends, or until this process dies in any way.

    Args:
        name: its name in messages.
        words: the program and its arguments.
        log: the file that gets all its output.
    """
    # In a session of its own the program does not get Ctrl-C: the tests end first and then kill it.
    argv = ["setpriv", "--pdeathsig", "KILL", *words]
    with (
        log.open("wb") as file,
        subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        ) as process,
    ):
        try:
            yield BackgroundProgram(name, process, log)
        finally:
            process.kill()


@contextmanager
def reserved_port() -> Iterator[int]:
    """Yield a port of the loopback address that no other program gets until the block ends.

    The server has to bind it with SO_REUSEPORT, as this function does.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield an empty folder, in memory if there is enough.

    Afterwards, programs that were started by a path in the folder are killed, and the folder is removed. What a killed
    run left is cleaned up first.
    """
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH
    parent = MEMORY if in_memory else Path(tempfile.gettempdir())
    _remove_abandoned(parent)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent) as name:
        folder = Path(name)
        with (folder / f"new-{LOCK}").open("wb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            (folder / f"new-{LOCK}").rename(folder / LOCK)  # other runs see it only after it is locked
            try:
                yield folder
            finally:
                _kill_programs(folder)


def _remove_abandoned(parent: Path) -> None:
    """Clean up the folders whose lock no process holds."""
    for lock in parent.glob(f"{PREFIX}*/{LOCK}"):
        try:
            with lock.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _kill_programs(lock.parent)
                shutil.rmtree(lock.parent, ignore_errors=True)
        except (BlockingIOError, FileNotFoundError):
            continue


def _kill_programs(folder: Path) -> None:
    """Kill the processes whose program is in a folder: Pulumi's providers outlive a Pulumi that is killed."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if path.read_bytes().startswith(f"{folder}/".encode()):
                os.kill(int(path.parent.name), signal.SIGKILL)
