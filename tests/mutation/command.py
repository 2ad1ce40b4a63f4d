"""The command line of mutation testing."""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from mutation.areas import Area, areas
from mutation.judge import Judge
from mutation.mutant import Mutant
from mutation.trial import copy_tree, is_killed

TREE = Path(__file__).resolve().parents[2]
SURVIVE = 0.05
"""The share of an area's mutants that may survive."""
FIRST_SECONDS = 1800.0
"""How long an area's tests may take without a mutant."""


def main(words: Sequence[str] | None = None) -> int:
    """Try mutants, print survivors, and return 1 if too many of an area survive."""
    options = _parse(words)
    chosen = [areas()[name] for name in options.area or areas()]
    with tempfile.TemporaryDirectory(prefix="bedplate-mutants-") as folder:
        copies = {copy: Judge(copy) for copy in _copies(Path(folder), options.jobs)}
        results = [_try_area(area, copies, options) for area in chosen]
        for judge in copies.values():
            judge.end()
    survivors, tried = sum(found[0] for found in results), sum(found[1] for found in results)
    print(f"{survivors} of {tried} mutants survive ({survivors / max(tried, 1):.1%}), seed {options.seed}")  # noqa: T201
    return int(any(survived > SURVIVE * of for survived, of in results))


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/mutation", description=__doc__)
    parser.add_argument("area", nargs="*", choices=[*areas(), []], help="the areas to mutate (default: all)")
    parser.add_argument("--sample", type=int, default=40, help="mutants of each area, chosen by the seed; 0: all")
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
    seconds = 0.0
    for judge in copies.values():
        began = time.monotonic()
        if judge.run(area.tests, FIRST_SECONDS, first=True):
            raise SystemExit(f"{area.name}: its tests fail without a mutant; run: pytest -x {' '.join(area.tests)}")
        seconds = max(seconds, time.monotonic() - began)
    print(f"{area.name}: {len(sample)} of {len(found)} mutants; tests take {seconds:.0f} s", flush=True)  # noqa: T201
    texts = {mutant.path: (tree / mutant.path).read_text() for mutant in sample}
    survived = 0
    for mutant, killed in _try_all(sample, area, copies, 60 + 4 * seconds):
        if not killed:
            print(f"  {mutant.describe(texts[mutant.path])}", flush=True)  # noqa: T201
        survived += not killed
    print(f"  {survived} of {len(sample)} survive ({survived / len(sample):.1%})", flush=True)  # noqa: T201
    return survived, len(sample)


def _sample(found: list[Mutant], count: int, seed: int) -> list[Mutant]:
    return random.Random(seed).sample(found, min(count, len(found)))  # noqa: S311  not a secret


def _try_all(
    sample: list[Mutant], area: Area, copies: dict[Path, Judge], limit: float
) -> Iterator[tuple[Mutant, bool]]:
    free: SimpleQueue[Path] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def attempt(mutant: Mutant) -> tuple[Mutant, bool]:
        copy = free.get()
        try:
            return mutant, is_killed(copies[copy], copy, mutant, area.tests, limit)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        yield from pool.map(attempt, sample)
