"""The order of Debian versions: deb-version(7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering
from itertools import zip_longest

FORM = re.compile(r"(?:(?P<epoch>\d+):)?(?P<upstream>[A-Za-z0-9.+~:-]*?)(?:-(?P<revision>[A-Za-z0-9.+~]+))?")
PARTS = re.compile(r"(\D*)(\d*)")


@total_ordering
@dataclass(frozen=True, slots=True)
class DebianVersion:
    """A version, compared as dpkg compares it."""

    epoch: int
    upstream: str
    revision: str

    @classmethod
    def parse(cls, text: str) -> DebianVersion:
        """Return a version; raise ValueError if the text is not one."""
        match = FORM.fullmatch(text.strip())
        if not match or not match["upstream"]:
            raise ValueError(f"{text!r} is not a Debian version")
        return cls(int(match["epoch"] or 0), match["upstream"], match["revision"] or "0")

    def __lt__(self, other: DebianVersion) -> bool:
        """Compare epoch, upstream version and revision, in this order."""
        return self._order(other) < 0

    def __eq__(self, other: object) -> bool:
        """Return whether neither is older: 1.0 equals 1.00."""
        return isinstance(other, DebianVersion) and self._order(other) == 0

    def __hash__(self) -> int:
        """Return a hash that equal versions share."""
        return hash(self.epoch)

    def _order(self, other: DebianVersion) -> int:
        if self.epoch != other.epoch:
            return -1 if self.epoch < other.epoch else 1
        return _compare(self.upstream, other.upstream) or _compare(self.revision, other.revision)


def _compare(left: str, right: str) -> int:
    """Compare runs of non-digits, character by character, and runs of digits, by turns."""
    for (text, number), (other_text, other_number) in zip_longest(
        PARTS.findall(left), PARTS.findall(right), fillvalue=("", "")
    ):
        for weights in zip_longest(map(_weight, text), map(_weight, other_text), fillvalue=0):
            if weights[0] != weights[1]:
                return -1 if weights[0] < weights[1] else 1
        if int(number or 0) != int(other_number or 0):
            return -1 if int(number or 0) < int(other_number or 0) else 1
    return 0


def _weight(character: str) -> int:
    """Return a character's rank: a tilde before the end (0), letters before all others."""
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256
