"""Versions of Debian packages, ordered as dpkg orders them.

Source: https://www.debian.org/doc/debian-policy/ch-controlfields.html#version, deb-version(7).
"""

from __future__ import annotations

import re
from functools import total_ordering

PIECE = re.compile(r"([^0-9]*)([0-9]*)")
END = 0
LETTERS = 1
"""A tilde comes before the end, the end before letters, letters before everything else."""
OTHERS = 1000


@total_ordering
class DebVersion:
    """A version with its epoch and its Debian revision."""

    def __init__(self, text: str) -> None:
        """Read a version."""
        epoch, colon, rest = text.partition(":")
        epoch, rest = (epoch, rest) if colon else ("0", text)
        upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
        self.text = text
        self._key = (int(epoch), _ranks(upstream), _ranks(revision))

    def __eq__(self, other: object) -> bool:
        """Return whether dpkg takes both for the same."""
        return isinstance(other, DebVersion) and self._key == other._key

    def __lt__(self, other: DebVersion) -> bool:
        """Return whether this one is older."""
        return self._key < other._key

    def __hash__(self) -> int:
        """Return a hash that is equal for equal versions."""
        return hash(self._key)

    def __str__(self) -> str:
        """Return it as it was written."""
        return self.text


def _ranks(text: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Return what orders a text: pieces of others than digits, each with the number after it."""
    found = [match.groups() for match in PIECE.finditer(text) if match[0]]
    pieces = [((*map(_rank, letters), END), int(digits or 0)) for letters, digits in found]
    return (*pieces, ((END,), 0))


def _rank(letter: str) -> int:
    if letter == "~":
        return -1
    return LETTERS + ord(letter) if letter.isalpha() else OTHERS + ord(letter)
