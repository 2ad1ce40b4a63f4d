"""Parsing Kubernetes YAML: documents with their lines, scalars as kubectl reads them, limits on depth and aliases.

PyYAML's C parser composes the nodes; building values from them here is three times as fast as its constructor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml._yaml import CParser

from bedplate.core.errors import InputError, SourceLocation
from bedplate.kube.yaml_value import MAX_DEPTH, OTHER, PLAIN, TEXT, ValueBuilder

NOT_BLANK = re.compile(rb"^[ \t]*(?![ \t\r\n#]|\Z|---[ \t\r]*$|\.\.\.[ \t\r]*$)", re.MULTILINE)


def split(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the offset and the text of each document that has more than comments.

    A line that begins with ``---`` or ``...`` is always a marker, even inside a quoted text
    (https://yaml.org/spec/1.2.2/#rule-c-forbidden).
    """
    start = 0
    for end in _ends(data):
        text = data[start:end]
        if text.startswith(b"%") and b"\n---" not in text:
            continue  # a directive belongs to the document after the marker
        if NOT_BLANK.search(text):
            yield start, text
        start = end


def _ends(data: bytes) -> Iterator[int]:
    """Yield where documents end. Plain searches are used because a regular expression would scan every line."""
    found = [at + 1 for mark in (b"\n---", b"\n...") for at in _all(data, mark)]
    yield from sorted(at for at in found if at + 3 == len(data) or data[at + 3] in b" \t\r\n")
    yield len(data)


def _all(data: bytes, mark: bytes) -> Iterator[int]:
    at = data.find(mark)
    while at >= 0:
        yield at
        at = data.find(mark, at + 1)


def first_line(text: bytes) -> int:
    """Return how many lines of a document come before its first line with content."""
    found = NOT_BLANK.search(text)
    return text.count(b"\n", 0, found.start()) if found else 0


def parse(text: bytes, file: str, before: int) -> tuple[Any, dict[int, int]]:
    """Return one document's value, and the lines of mappings in lists near its root, by the mapping's id.

    Args:
        text: the document.
        file: its name for messages.
        before: the number of lines before it in the file.
    """
    try:
        node = _Composer(text).get_single_node()
        builder = ValueBuilder(file, before, limit=10 * len(text) + 10_000)
        return (None if node is None else builder.value(node, 0)), builder.lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (
            SourceLocation(file, before + mark.line + 1, mark.column + 1) if mark else SourceLocation(file, before + 1)
        )
        fact = ", ".join(part for part in (error.context, error.problem) if part)
        raise InputError("YAML", f"cannot be read: {fact}", "fix the syntax there", where) from error
    except yaml.reader.ReaderError as error:
        line = before + text.count(b"\n", 0, error.position) + 1
        fact = f"contains the character U+{error.character:04X}, which YAML does not allow"
        raise InputError("YAML", fact, "remove or escape it", SourceLocation(file, line)) from error
    except _TooDeepError as error:
        where = SourceLocation(file, before + error.line + 1)
        raise InputError("YAML", f"is nested deeper than {MAX_DEPTH} levels", "reduce the nesting", where) from error


class _TooDeepError(Exception):
    def __init__(self, line: int) -> None:
        self.line = line


class _Composer(CParser):
    """Composes nodes from text with as few calls back into Python as possible."""

    def __init__(self, text: bytes) -> None:
        super().__init__(text)
        self._depth = 0

    def descend_resolver(self, parent: Any, _: Any) -> None:
        """Count levels: the C code recurses for each, and would crash if there were too many."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _TooDeepError(parent.start_mark.line)

    def ascend_resolver(self) -> None:
        """Count levels."""
        self._depth -= 1

    def resolve(self, kind: Any, _: Any, implicit: Any) -> str:
        """Return our own mark instead of a tag: whether a scalar is plain or quoted."""
        return (PLAIN if implicit[0] else TEXT) if kind is yaml.ScalarNode else OTHER
