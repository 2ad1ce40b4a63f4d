"""The command line of mutation testing."""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from mutation.areas import Area, areas
from mutation.covering_tests import Coverage
from mutation.judge import TIMED_OUT, Judge
from mutation.mutant import Mutant
from mutation.trial import Trial, copy_tree, try_mutant

TREE = Path(__file__).resolve().parents[2]
SURVIVE = 0.05
"""The share of an area's mutants that may survive."""
FIRST_SECONDS = 1800.0
"""How long an area's tests may take without a mutant."""


def main(words: Sequence[str] | None = None) -> int:
    """Try mutants, print survivors, and return 1 if too many of an area survive."""
    options = _parse(words)
    chosen = [_with_tests(areas()[name], options.tests) for name in options.area or areas()]
    with tempfile.TemporaryDirectory(prefix="bedplate-mutants-") as folder:
        copies = {copy: Judge(copy) for copy in _copies(Path(folder), options.jobs)}
        results = [_try_area(area, copies, options) for area in chosen]
        for judge in copies.values():
            judge.end()
    survivors, tried = sum(found[0] for found in results), sum(found[1] for found in results)
    print(f"{survivors} of {tried} mutants survive ({survivors / max(tried, 1):.1%}), seed {options.seed}")  # noqa: T201
    return int(any(survived > SURVIVE * of for survived, of in results))


def _with_tests(area: Area, tests: list[str] | None) -> Area:
    return replace(area, tests=tests, unseen=[one for one in area.unseen if one in tests]) if tests else area


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/mutation", description=__doc__)
    parser.add_argument("area", nargs="*", choices=[*areas(), []], help="the areas to mutate (default: all)")
    parser.add_argument("--sample", type=int, default=40, help="mutants of each area, chosen by the seed; 0: all")
    parser.add_argument("--tests", nargs="+", help="tests that judge instead of the area's: quicker, and more survive")
    parser.add_argument("--seed", type=int, default=None, help="(default: of the day's date)")
    parser.add_argument("--jobs", type=int, default=2, help="mutants that are tried at once")
    options = parser.parse_args(words)
    options.seed = int(time.strftime("%Y%m%d")) if options.seed is None else options.seed
    return options


def _copies(folder: Path, count: int) -> list[Path]:
    copies = [folder / str(number) for number in range(count)]
    for copy in copies:
        copy_tree(TREE, copy)
    return copies


def _try_area(area: Area, copies: dict[Path, Judge], options: argparse.Namespace) -> tuple[int, int]:
    """Try an area's mutants; return how many survived, and how many were tried."""
    tree = next(iter(copies))
    found = area.mutants(tree)
    sample = found if not options.sample else _sample(found, options.sample, options.seed)
    texts = {mutant.path: (tree / mutant.path).read_text() for mutant in sample}
    sources = sorted({str(mutant.path) for mutant in found}) if area.like == "python" else []
    began = time.monotonic()
    for judge in copies.values():
        code, coverage = judge.learn(area.tests, sources, FIRST_SECONDS)
        if code:
            raise SystemExit(f"{area.name}: its tests fail without a mutant; run: pytest -x {' '.join(area.tests)}")
    seconds = time.monotonic() - began
    print(f"{area.name}: {len(sample)} of {len(found)} mutants; tests take {seconds:.0f} s", flush=True)  # noqa: T201
    trials = [(one, _trial(area, coverage, one, texts[one.path])) for one in sample]
    survived = 0
    for mutant, trial, code in _try_all(trials, copies):
        survived += not code
        if note := _note(trial, code):
            print(f"  {mutant.describe(texts[mutant.path])}{note}", flush=True)  # noqa: T201
    print(f"  {survived} of {len(sample)} survive ({survived / len(sample):.1%})", flush=True)  # noqa: T201
    return survived, len(sample)


def _trial(area: Area, coverage: Coverage, mutant: Mutant, text: str) -> Trial:
    """Return the tests that run what a mutant changes: of Python those that were seen to do so, else all."""
    only = coverage.of(mutant, text, area.unseen) if area.like == "python" else None
    return Trial(area.tests, 120 + 8 * sum(coverage.seconds[one] for one in only or coverage.seconds), only)


def _note(trial: Trial, code: int) -> str | None:
    """Return what is said of a mutant, if anything."""
    if code == TIMED_OUT:
        return f" (noticed: the tests had not ended after {trial.limit:.0f} s)"
    if code:
        return None
    return " (no test runs it)" if trial.only is not None and not trial.only else " (survives)"


def _sample(found: list[Mutant], count: int, seed: int) -> list[Mutant]:
    return random.Random(seed).sample(found, min(count, len(found)))  # noqa: S311  not a secret


def _try_all(trials: list[tuple[Mutant, Trial]], copies: dict[Path, Judge]) -> Iterator[tuple[Mutant, Trial, int]]:
    free: SimpleQueue[Path] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def attempt(one: tuple[Mutant, Trial]) -> tuple[Mutant, Trial, int]:
        copy = free.get()
        try:
            return *one, try_mutant(copies[copy], copy, *one)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        yield from pool.map(attempt, trials)
