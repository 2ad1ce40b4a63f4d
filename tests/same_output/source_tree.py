"""The two source trees that are compared, each run by its own code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("BEDPLATE_CACHE", Path.home() / ".cache/bedplate")).absolute()
NOT_INHERITED = ("BEDPLATE_TREES", "BEDPLATE_CACHE", "PYTHONPATH")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command left.

    Attributes:
        code: exit code.
        out: standard output.
        error: standard error.
    """

    code: int
    out: bytes
    error: str

    @property
    def said(self) -> str:
        """Return the line of an error that says what is wrong: the first, or a traceback's last."""
        lines = self.error.strip().splitlines() or [f"ended with {self.code}"]
        return lines[-1] if lines[0].startswith("Traceback") else lines[0]


@dataclass(frozen=True, slots=True)
class Tree:
    """One source tree.

    Attributes:
        name: `old` or `new`.
        folder: its root.
        work: folder for what the comparison makes; on the same file system as the cache.
    """

    name: str
    folder: Path
    work: Path

    def run(self, *words: str | Path, env: Mapping[str, str] | None = None) -> Answer:
        """Run `bedplate` with this tree's code."""
        return self.python("-m", "bedplate", *words, env=env)

    def python(self, *words: str | Path, env: Mapping[str, str] | None = None) -> Answer:
        """Run Python with this tree's code."""
        argv = [sys.executable, *map(str, words)]
        kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        own = {"BEDPLATE_CACHE": str(CACHE), "PYTHONPATH": str(self.folder / "installer")}
        variables = {**kept, **own, **(env or {})}
        done = subprocess.run(argv, cwd=self.folder, env=variables, capture_output=True, check=False)
        return Answer(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    def must(self, *words: str | Path, env: Mapping[str, str] | None = None) -> bytes:
        """Run `bedplate` with this tree's code and return its output; end the comparison where it fails."""
        answer = self.run(*words, env=env)
        if answer.code:
            command = " ".join(map(str, words))
            raise SystemExit(f"{self.name} tree: bedplate {command} ended with {answer.code}:\n{answer.error}")
        return answer.out

    def releases(self) -> list[str]:
        """Return the versions of the releases in this tree."""
        return sorted(file.parent.name for file in self.folder.glob("releases/*/release.lock"))


def own_tree(work: Path) -> Tree:
    """Return the tree that this program lies in."""
    return Tree("new", ROOT, work)


@contextmanager
def checked_out(revision: str, work: Path) -> Iterator[Tree]:
    """Give a revision of this repository as a tree of its own, which may be changed; it is removed afterwards."""
    folder = work / "old"
    _git("worktree", "add", "--quiet", "--detach", str(folder), revision)
    try:
        yield Tree("old", folder, work)
    finally:
        _git("worktree", "remove", "--force", str(folder))


def _git(*words: str) -> None:
    done = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"git {' '.join(words)}: {done.stderr.strip()}")
