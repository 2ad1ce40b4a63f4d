"""How the elements of an old and a new list are paired."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bedplate.kube.change import PathStep

ListValue = Sequence[Any]


@dataclass(slots=True)
class Pairing:
    """Which elements of two lists are the same, removed or added; positions with the step that names the element.

    Attributes:
        matched: old position, new position, step.
        removed: old positions.
        added: new positions.
        keyed_order: whether the elements have keys and their order matters, too.
    """

    matched: list[tuple[int, int, PathStep]] = field(default_factory=list)
    removed: list[tuple[int, PathStep]] = field(default_factory=list)
    added: list[tuple[int, PathStep]] = field(default_factory=list)
    keyed_order: bool = False

    @property
    def moved(self) -> bool:
        """Return whether remaining elements changed places."""
        return self.keyed_order and not all(
            one[1] < other[1] for one, other in itertools.pairwise(sorted(self.matched))
        )
