"""Paired measurements: the same work done in several ways, in turn, in one run on one machine.

On a loaded or slow machine, times change, but ratios hardly do: the ways of a round follow each other directly, every
second round runs them in reverse order, and a ratio is the median of the ratios of all rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

Seconds = dict[str, list[float]]
"""The times of each way, one for each round."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A measured figure and its bound.

    Attributes:
        text: what is measured.
        value: the measured figure.
        wanted: the bound.
        unit: unit of both.
        at_most: whether the bound is the largest value; otherwise it is the smallest.
    """

    text: str
    value: float
    wanted: float
    unit: str = "×"  # noqa: RUF001  the sign, not the letter
    at_most: bool = False

    @property
    def holds(self) -> bool:
        """Return whether the goal is reached."""
        return self.value <= self.wanted if self.at_most else self.value >= self.wanted

    def __str__(self) -> str:
        """Return the goal as a line."""
        mark, sign = "✓" if self.holds else "✗", "≤" if self.at_most else "≥"
        return f"{mark} {self.text}: {_figure(self.value)}{self.unit} (goal {sign} {self.wanted:g}{self.unit})"


def rounds(ways: Mapping[str, Callable[[], float]], count: int) -> Seconds:
    """Do the work in every way, round by round; each way returns its seconds."""
    taken: Seconds = {name: [] for name in ways}
    for number in range(count):
        for name in list(ways)[:: -1 if number % 2 else 1]:
            taken[name].append(ways[name]())
    return taken


def times_faster(taken: Seconds, ours: str, theirs: str) -> float:
    """Return how many times faster one way is than another: the median over the rounds."""
    return median(other / own for own, other in zip(taken[ours], taken[theirs], strict=True))


def table(taken: Seconds) -> str:
    """Return the median, the smallest and the largest time of each way, as lines."""
    width = max(map(len, taken))
    return "\n".join(
        f"  {name:<{width}}  {_figure(median(times)):>7} s   ({_figure(min(times))} to {_figure(max(times))})"
        for name, times in taken.items()
    )


def _figure(value: float) -> str:
    """Return a figure with three digits."""
    return f"{value:.{max(0, 3 - len(str(int(value))))}f}" if value % 1 else f"{value:.0f}"
