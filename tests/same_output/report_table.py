"""The report of a comparison: a table of what was compared, then every difference."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

SHOWN = 10
"""Differences printed for each row; the rest is counted."""
WIDTH = 240
"""Characters printed of each."""


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One line of the table.

    Attributes:
        what: what was compared.
        compared: how many of them.
        differences: one sentence for each that differs.
    """

    what: str
    compared: int
    differences: tuple[str, ...]


@dataclass(slots=True)
class Report:
    """What was compared so far.

    Attributes:
        rows: the table's lines.
        notes: sentences that are no differences.
    """

    rows: list[ComparisonRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, what: str, compared: int, differences: Iterable[str]) -> None:
        """Add a line; what compared nothing has proved nothing and counts as a difference."""
        found = tuple(differences)
        if not compared and not found:
            found = ("nothing was there to compare",)
        self.rows.append(ComparisonRow(what, compared, found))

    def note(self, text: str) -> None:
        """Add a sentence that is printed under the table."""
        self.notes.append(text)

    @property
    def differs(self) -> bool:
        """Return whether there is any difference."""
        return any(row.differences for row in self.rows)

    def print(self) -> None:
        """Print the table, the notes and the differences."""
        width = max(len(row.what) for row in self.rows)
        lines = [f"{'what':{width}}  compared  different"]
        lines += [f"{row.what:{width}}  {row.compared:8}  {len(row.differences):9}" for row in self.rows]
        lines += ["", *(f"- {text}" for text in self.notes)]
        lines += self._details()
        different = sum(len(row.differences) for row in self.rows)
        compared = sum(row.compared for row in self.rows)
        lines += ["", f"{compared} compared, {different} different"]
        sys.stdout.write("\n".join(lines) + "\n")

    def _details(self) -> Iterator[str]:
        """Yield the lines that name the differences; one that an earlier row has is not named again."""
        named: set[str] = set()
        for row in self.rows:
            if row.differences:
                yield from ("", f"{row.what}:")
                shown = [text for text in row.differences if text not in named][:SHOWN]
                named.update(shown)
                yield from (f"  {text[:WIDTH]}" for text in shown)
                if rest := len(row.differences) - len(shown):
                    yield f"  and {rest} more"
