"""A mutant: one change of one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file.

    Attributes:
        path: the file, relative to the tree.
        start: offset of the first character that is replaced.
        end: offset behind the last one.
        new: the text that takes its place.
        line: line of the change, from 1.
    """

    path: Path
    start: int
    end: int
    new: str
    line: int

    def apply(self, text: str) -> str:
        """Return the file's text with the change."""
        return text[: self.start] + self.new + text[self.end :]

    def describe(self, text: str) -> str:
        """Return place and change in one line."""
        old = " ".join(text[self.start : self.end].split())
        return f"{self.path}:{self.line}: {_short(old)} -> {_short(' '.join(self.new.split())) or 'nothing'}"


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
