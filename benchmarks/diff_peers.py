"""The programs that `bedplate diff` is compared with, and how to run each on two files."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from diff_score import ReportedChange, of_diff, of_dyff, of_script
from timed_process import Run, run

from bedplate.artifacts.cache import Cache

DYFF = "github.com/homeport/dyff/cmd/dyff"
DYFF_VERSION = "v1.10.2"
PACKAGES = ("deepdiff==9.1.0", "flux-local==7.11.0")
HERE = Path(__file__).parent
CHANGED = (0, 1)
"""Exit codes of programs that exit with 1 if there are changes."""
Pair = tuple[Path, Path]
RunPeer = Callable[[Sequence[Pair], float], tuple[Run, list[list[ReportedChange]]]]


def peers() -> dict[str, RunPeer]:
    """Return each peer by name. It takes pairs of files and a limit in seconds, and returns each pair's changes."""
    dyff, python = _dyff(), _python()
    deepdiff, flux_local = HERE / "peer_deepdiff.py", HERE / "peer_flux_local.py"
    return {
        f"dyff {DYFF_VERSION}": lambda pairs, limit: _each(pairs, limit, dyff),
        "deepdiff": lambda pairs, limit: _script(python, deepdiff, pairs, limit),
        "flux-local's differ": lambda pairs, limit: _script(python, flux_local, pairs, limit),
        "GNU diff": _gnu_diff,
    }


def _dyff() -> Path:
    """Return dyff, built once with the Go on PATH."""
    folder = Cache().folder("peers", f"dyff-{DYFF_VERSION}")
    if not (folder / "dyff").is_file():
        settings = {"GOBIN": str(folder), "GOFLAGS": "-mod=mod", "GONOSUMDB": "*"}
        run([_found("go"), "install", f"{DYFF}@{DYFF_VERSION}"], settings)
    return folder / "dyff"


def _python() -> Path:
    """Return the Python of an environment with the peers' packages, created once."""
    folder = Cache().folder("peers") / "-".join(("venv", *PACKAGES))
    if not (folder / "made").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        run([_found("python3"), "-m", "venv", folder])
        run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", *PACKAGES], {"PYTHONPATH": ""})
        (folder / "made").touch()
    return folder / "bin" / "python"


def _each(pairs: Sequence[Pair], limit: float, dyff: Path) -> tuple[Run, list[list[ReportedChange]]]:
    words: list[str | Path] = [dyff, "between", "--ignore-order-changes", "--omit-header", "--output", "github"]
    runs = [run([*words, old, new], limit=limit, fine=CHANGED) for old, new in pairs]
    return _together(runs), [list(of_dyff(one.output)) for one in runs]


def _gnu_diff(pairs: Sequence[Pair], limit: float) -> tuple[Run, list[list[ReportedChange]]]:
    runs = [run([_found("diff"), "-U0", old, new], limit=limit, fine=CHANGED) for old, new in pairs]
    reported = [
        list(of_diff(one.output, old.read_text(), new.read_text())) for one, (old, new) in zip(runs, pairs, strict=True)
    ]
    return _together(runs), reported


def _script(python: Path, script: Path, pairs: Sequence[Pair], limit: float) -> tuple[Run, list[list[ReportedChange]]]:
    """Run a script for all pairs in one process."""
    done = run([python, script, *(path for pair in pairs for path in pair)], {"PYTHONPATH": ""}, limit=limit)
    return done, [list(of_script(part)) for part in _parts(done.output)]


def _parts(output: str) -> Iterator[str]:
    _, *parts = re.split(r"^pair$", output, flags=re.MULTILINE)
    yield from parts


def _together(runs: Sequence[Run]) -> Run:
    return Run(sum(one.seconds for one in runs), sum(one.cpu for one in runs), max(one.peak for one in runs), "")


def _found(name: str) -> str:
    if not (found := shutil.which(name, path=os.environ["PATH"])):
        raise SystemExit(f"program {name} is not on this machine\n  hint: install it")
    return found
