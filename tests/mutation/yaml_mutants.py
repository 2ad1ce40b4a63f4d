"""Mutants of YAML: of templates of objects, and of the conditions of a role's tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mutation.mutant import Mutant

SHAPE = re.compile(r"^\s*(- )?(apiVersion|kind|metadata|name|namespace|labels|annotations|spec|data|rules|items)\s*:")
"""Keys without which an object is none, or that only name it."""
SAID = re.compile(r"^\s*(- )?(description|message)\s*:")
"""Keys whose values are only read by people."""
LIST = re.compile(r"\[([^\[\]{}]+)\]")
VALUE = re.compile(r"(?<=: )(\d+|true|false|\"\d+\"|[A-Za-z][\w./-]*)(?=\s*$|[,}])", re.MULTILINE)
WORD = re.compile(r'(?<=")\w+(?=")')
CONDITION = re.compile(r"^(\s+)(when|changed_when|failed_when|until):(.*)$")
NEITHER = {"", "true", "false", ">-"}
"""Conditions that have no contrary on their line."""


def template_mutants(path: Path, text: str) -> Iterator[Mutant]:
    """Yield a template without one of its lines and what belongs to it, or with one element or value changed."""
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if line.strip() and not line.lstrip().startswith(("#", "{%", "---")) and not SHAPE.match(line):
            yield _without(path, lines, number, _end_of_block(lines, number))
        if not line.lstrip().startswith("#"):
            start = sum(map(len, lines[:number]))
            for begin, end, new in _other_parts(line):
                yield Mutant(path, start + begin, start + end, new, number + 1)


def _other_parts(line: str) -> Iterator[tuple[int, int, str]]:
    """Yield begin, end and new text of the parts of a line that can be something else."""
    if line.lstrip().startswith("{%"):
        yield from ((*found.span(), "other") for found in WORD.finditer(line))
        return
    for found in LIST.finditer(line):
        parts = found[1].split(", ")
        yield from ((*found.span(1), ", ".join(parts[:i] + parts[i + 1 :])) for i in range(len(parts)))
    if not SHAPE.match(line) and not SAID.match(line):
        yield from ((*found.span(), _other(found[0])) for found in VALUE.finditer(line))


def _other(value: str) -> str:
    """Return another value of the same type."""
    digits = value.strip('"')
    if digits.isdecimal():
        return value.replace(digits, str(int(digits) + 1))
    return {"true": "false", "false": "true"}.get(value, "other")


def condition_mutants(path: Path, text: str) -> Iterator[Mutant]:
    """Yield a task file with one condition taken away, and with it turned to its contrary where it is on one line."""
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if found := CONDITION.match(line):
            yield _without(path, lines, number, _end_of_block(lines, number))
            if found[3].strip() not in NEITHER:
                start = sum(map(len, lines[:number]))
                new = f"{found[1]}{found[2]}: not ({found[3].strip()})\n"
                yield Mutant(path, start, start + len(line), new, number + 1)


def _without(path: Path, lines: list[str], first: int, end: int) -> Mutant:
    start = sum(map(len, lines[:first]))
    return Mutant(path, start, start + sum(map(len, lines[first:end])), "", first + 1)


def _end_of_block(lines: list[str], first: int) -> int:
    """Return the number of the first line that is not inside the block that a line opens."""
    depth = _depth(lines[first])
    for number in range(first + 1, len(lines)):
        if lines[number].strip() and (_depth(lines[number]) <= depth or lines[number].lstrip().startswith("{%")):
            return number
    return len(lines)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
