"""What became of the elements of a list."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bedplate.kube.change import PathStep

ListValue = Sequence[Any]


@dataclass(slots=True)
class Pairing:
    """What became of the elements of a list; positions with the step that names the element.

    Attributes:
        matched: old position, new position, step.
        removed: old positions.
        added: new positions.
        keyed_order: whether the elements have keys and their order matters too.
    """

    matched: list[tuple[int, int, PathStep]] = field(default_factory=list)
    removed: list[tuple[int, PathStep]] = field(default_factory=list)
    added: list[tuple[int, PathStep]] = field(default_factory=list)
    keyed_order: bool = False

    @property
    def moved(self) -> bool:
        """Return whether elements that stay changed places."""
        return self.keyed_order and not all(
            one[1] < other[1] for one, other in itertools.pairwise(sorted(self.matched))
        )
