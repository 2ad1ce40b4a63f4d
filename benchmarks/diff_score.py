"""Scoring the output of a tool: which planted changes it reports, and what it reports besides.

A tool finds a change if it prints the last key of the changed path, or the new value, under the right object. What it
prints about an object or a path without a planted change counts against it.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from diff_plants import Plant


class ReportedChange(NamedTuple):
    """One change that a tool reports: the object, and the whole text."""

    kind: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class MatchScore:
    """How many planted changes a tool found, and how much else it reported."""

    planted: int
    found: int
    reported: int
    stray: int

    @property
    def recall(self) -> float:
        """Return the share of the planted changes that were found."""
        return self.found / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        """Return the share of the reported changes that were planted."""
        return 1 - self.stray / self.reported if self.reported else 1.0

    def __add__(self, other: MatchScore) -> MatchScore:
        """Return both together."""
        return MatchScore(*(getattr(self, key) + getattr(other, key) for key in self.__slots__))

    def __str__(self) -> str:
        """Return the score as a sentence."""
        return (
            f"found {self.found} of {self.planted} ({self.recall:.1%}), "
            f"{self.stray} of {self.reported} reported changes were not planted (precision {self.precision:.1%})"
        )


def score(plants: Sequence[Plant], changes: Iterable[ReportedChange]) -> MatchScore:
    """Compare the reported changes with the planted ones."""
    by_object: dict[tuple[str, str], list[int]] = {}
    for index, plant in enumerate(plants):
        for name in plant.names:
            by_object.setdefault((plant.kind, name), []).append(index)
    found: set[int] = set()
    reported = stray = 0
    for change in changes:
        hit = {
            index
            for index in by_object.get((change.kind, change.name), ())
            if any(word in change.text for word in plants[index].words)
        }
        found |= hit
        reported, stray = reported + 1, stray + (not hit)
    return MatchScore(len(plants), len(found), reported, stray)


def of_bedplate(output: str) -> Iterator[ReportedChange]:
    """Yield the changes in `bedplate diff --output json`: values that differ, objects added and removed."""
    for item in (item for group in json.loads(output)["groups"] for item in group["items"]):
        kind, name = (item["object"][key] for key in ("kind", "name")) if "object" in item else ("host", item["host"])
        if not item["changes"] or item["action"] == "renamed":
            yield ReportedChange(kind, name, f"{item['action']} {name}")
        for change in item["changes"]:
            yield ReportedChange(kind, name, " ".join(str(change.get(key, "")) for key in ("shown", "old", "new")))


def of_dyff(output: str) -> Iterator[ReportedChange]:
    """Yield the changes in the output of `dyff between --output github`: a section for each path, with the object."""
    for section in re.split(r"^@@ ", output, flags=re.MULTILINE)[1:]:
        path, _, rest = section.partition("\n")
        where = rest.split("\n", 1)[0].removeprefix("# ").split("/")
        kind = next((part for part in where if part[:1].isupper()), "")
        yield ReportedChange(kind, where[-1], f"{path}\n{rest}")


def of_script(output: str) -> Iterator[ReportedChange]:
    """Yield the changes that the scripts of peers print: on each line a JSON list of kind, name and text."""
    for line in output.splitlines():
        if line.startswith("["):
            yield ReportedChange(*json.loads(line))


def of_diff(output: str, old: str, new: str) -> Iterator[ReportedChange]:
    """Yield the hunks of `diff -U0`, each with the object of the document in which it begins."""
    documents = _documents(old), _documents(new)
    for hunk in re.split(r"^@@ ", output, flags=re.MULTILINE)[1:]:
        found = re.match(r"-(\d+)(?:,(\d+))? \+(\d+)", hunk)
        if found:
            removed = found[2] != "0"
            starts, objects = documents[0 if removed else 1]
            line = int(found[1] if removed else found[3])
            yield ReportedChange(*objects[bisect_right(starts, line) - 1], hunk)


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
