"""What a tool's output says of which object, held against what was planted.

A tool finds a change when it says the changed path's last key or the new value under the right object. What it says
of an object, or in a place of it, where nothing is planted, counts against it.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from diff_plants import Plant


class Unit(NamedTuple):
    """One thing that a tool says: of which object, and all of its words."""

    kind: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Score:
    """What a tool found and what it said besides."""

    planted: int
    found: int
    said: int
    stray: int

    @property
    def recall(self) -> float:
        """Return the share of the planted changes that were found."""
        return self.found / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        """Return the share of what was said that is planted."""
        return 1 - self.stray / self.said if self.said else 1.0

    def __add__(self, other: Score) -> Score:
        """Return both together."""
        return Score(*(getattr(self, key) + getattr(other, key) for key in self.__slots__))

    def __str__(self) -> str:
        """Return it in words."""
        return (
            f"found {self.found} of {self.planted} ({self.recall:.1%}), "
            f"said {self.stray} other things of {self.said} (precision {self.precision:.1%})"
        )


def score(plants: Sequence[Plant], units: Iterable[Unit]) -> Score:
    """Hold what was said against what was planted."""
    by_object: dict[tuple[str, str], list[int]] = {}
    for index, plant in enumerate(plants):
        for name in plant.names:
            by_object.setdefault((plant.kind, name), []).append(index)
    found: set[int] = set()
    said = stray = 0
    for unit in units:
        hit = {
            index
            for index in by_object.get((unit.kind, unit.name), ())
            if any(word in unit.text for word in plants[index].words)
        }
        found |= hit
        said, stray = said + 1, stray + (not hit)
    return Score(len(plants), len(found), said, stray)


def of_bedplate(output: str) -> Iterator[Unit]:
    """Yield what `bedplate diff --output json` says: each value that differs, each object that comes or goes."""
    for item in (item for group in json.loads(output)["groups"] for item in group["items"]):
        kind, name = (item["object"][key] for key in ("kind", "name")) if "object" in item else ("host", item["host"])
        if not item["changes"] or item["action"] == "renamed":
            yield Unit(kind, name, f"{item['action']} {name}")
        for change in item["changes"]:
            yield Unit(kind, name, " ".join(str(change.get(key, "")) for key in ("shown", "old", "new")))


def of_dyff(output: str) -> Iterator[Unit]:
    """Yield what `dyff between --output github` says: a section for each path, the object in its second line."""
    for section in re.split(r"^@@ ", output, flags=re.MULTILINE)[1:]:
        path, _, rest = section.partition("\n")
        where = rest.split("\n", 1)[0].removeprefix("# ").split("/")
        kind = next((part for part in where if part[:1].isupper()), "")
        yield Unit(kind, where[-1], f"{path}\n{rest}")


def of_script(output: str) -> Iterator[Unit]:
    """Yield what the scripts of peers print: one JSON list a line, of kind, name and text."""
    for line in output.splitlines():
        if line.startswith("["):
            yield Unit(*json.loads(line))


def of_diff(output: str, old: str, new: str) -> Iterator[Unit]:
    """Yield the hunks of `diff -U0`, with the object of the document in which each begins."""
    sides = _documents(old), _documents(new)
    for hunk in re.split(r"^@@ ", output, flags=re.MULTILINE)[1:]:
        found = re.match(r"-(\d+)(?:,(\d+))? \+(\d+)", hunk)
        if found:
            removed = found[2] != "0"
            starts, objects = sides[0 if removed else 1]
            line = int(found[1] if removed else found[3])
            yield Unit(*objects[bisect_right(starts, line) - 1], hunk)


def _documents(text: str) -> tuple[list[int], list[tuple[str, str]]]:
    """Return the first line of each document, and its object's kind and name."""
    starts, objects, line = [], [], 1
    for document in re.split(r"(?<=\n)(?=---\n)", text):
        kind = re.search(r"^kind: (\S+)", document, re.MULTILINE)
        name = re.search(r"^metadata:\n(?:  .*\n)*?  name: (\S+)", document, re.MULTILINE)
        starts.append(line)
        objects.append((kind[1] if kind else "", name[1].strip("'\"") if name else ""))
        line += document.count("\n")
    return starts, objects
