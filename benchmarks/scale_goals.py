"""The measurements of large sites, and their goals."""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from large_site import write_site
from paired import Goal
from timed_process import Run, bedplate, run

from bedplate.config import catalog
from bedplate.core import paths

HOSTS, TENANTS = (50, 100, 200, 500), (10, 25, 50, 100)
SMALLEST = 1
"""Hosts or tenants of the site whose time is subtracted before a growth is fitted: starting takes as long anywhere."""
MOST_SECONDS, MOST_EXPONENT = 15, 1.2
NOISE_SECONDS = 0.01
FITTED_SECONDS = 0.5
"""A growth of less processor time than this disappears in the noise, and is not fitted."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The wall and the processor time of one command for one site, in seconds."""

    seconds: float
    cpu: float


def main() -> int:
    """Measure and print; return 1 if a goal is missed."""
    arguments = _arguments()
    print(f"Wall time (processor time) in seconds, on {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}:")
    print(f"{'hosts':>6} {'tenants':>8}" + "".join(f"{name:>24}" for name in WAYS))
    hosts, tenants = sorted(arguments.hosts), sorted(arguments.tenants)
    sizes = {(number, tenants[-1]) for number in (SMALLEST, *hosts)} | {(hosts[-1], n) for n in (SMALLEST, *tenants)}
    taken = {size: _measure(*size, arguments.runs) for size in sorted(sizes)}
    by_hosts = [(number, taken[number, tenants[-1]]) for number in (SMALLEST, *hosts)]
    by_tenants = [(number, taken[hosts[-1], number]) for number in (SMALLEST, *tenants)]
    goals = [
        Goal(f"{name}, {hosts[-1]} hosts, {tenants[-1]} tenants", one.seconds, MOST_SECONDS, " s", at_most=True)
        for name, one in taken[hosts[-1], tenants[-1]].items()
    ]
    for name in WAYS:
        goals.append(_growth(f"{name}, by hosts", [(number, row[name].cpu) for number, row in by_hosts]))
        goals.append(_growth(f"{name}, by tenants", [(number, row[name].cpu) for number, row in by_tenants]))
    print("\n" + "\n".join(map(str, goals)))
    return int(not all(goal.holds for goal in goals))


def _growth(name: str, rows: Sequence[tuple[int, float]]) -> Goal:
    """Return the goal of a growth: its exponent, or that it is too small to be fitted."""
    grown = rows[-1][1] - rows[0][1]
    if grown < FITTED_SECONDS:
        return Goal(f"{name}, growth", grown, FITTED_SECONDS, " s", at_most=True)
    return Goal(f"{name}, exponent", exponent(rows), MOST_EXPONENT, "", at_most=True)


def exponent(rows: Sequence[tuple[int, float]]) -> float:
    """Return the exponent of the growth beyond the first row: the slope of the logarithms, by least squares.

    Each row is weighted with its time, because the noise of all is about equal.
    """
    (_, start), *larger = rows
    grown = [(size, max(spent - start, NOISE_SECONDS)) for size, spent in larger]
    points = [(math.log(size), math.log(seconds), seconds) for size, seconds in grown]
    total = sum(weight for *_, weight in points)
    x_mean, y_mean = (sum(point[axis] * point[2] for point in points) / total for axis in (0, 1))
    across = sum(weight * (x - x_mean) * (y - y_mean) for x, y, weight in points)
    return across / sum(weight * (x - x_mean) ** 2 for x, _, weight in points)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how the time of checking, rendering and planning grows.")
    parser.add_argument("--hosts", type=int, nargs="+", default=HOSTS)
    parser.add_argument("--tenants", type=int, nargs="+", default=TENANTS)
    parser.add_argument("--runs", type=int, default=3, help="of these, the fastest counts")
    return parser.parse_args()


def _measure(hosts: int, tenants: int, runs: int) -> dict[str, Measured]:
    """Run every command for one site, each time with an empty cache; print a line."""
    taken = {}
    with tempfile.TemporaryDirectory() as name:
        folder = write_site(Path(name), catalog.newest(), hosts, tenants)
        for way, measure in WAYS.items():
            done = [measure(folder, Path(name) / f"{way}-{number}".replace(" ", "-")) for number in range(runs)]
            taken[way] = Measured(min(one.seconds for one in done), min(one.cpu for one in done))
    figures = "".join(f"{f'{one.seconds:.2f} ({one.cpu:.2f})':>24}" for one in taken.values())
    print(f"{hosts:>6} {tenants:>8}{figures}", flush=True)
    return taken


def _command(*words: str) -> Callable[[Path, Path], Measured]:
    def measure(folder: Path, scratch: Path) -> Measured:
        done = bedplate(words[0], folder, *words[1:], env={"BEDPLATE_CACHE": str(scratch)})
        return Measured(done.seconds, done.cpu)

    return measure


def _plan(folder: Path, scratch: Path) -> Measured:
    program = Path(__file__).with_name("plan_keys.py")
    env = {"PYTHONPATH": str(paths.SOURCE / "installer"), "BEDPLATE_CACHE": str(scratch / "cache")}
    done: Run = run([sys.executable, program, folder, scratch / "state"], env)
    _, seconds, cpu = done.output.split()[-3:]
    return Measured(float(seconds), float(cpu))


WAYS: dict[str, Callable[[Path, Path], Measured]] = {
    "check": _command("check"),
    "render": _command("render", "--out", "/dev/null"),
    "render --hosts": _command("render", "--hosts", "--out", "/dev/null"),
    "plan of apply": _plan,
}
