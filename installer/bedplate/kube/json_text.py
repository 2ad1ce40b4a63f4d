"""JSON: one value or several, with their lines; a duplicate key is an error."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from bedplate.core.errors import InputError, SourceLocation
from bedplate.kube import yaml_text

SPACE = re.compile(r"[ \t\r\n]*")


def parse_all(data: bytes, file: str) -> Iterator[tuple[int, Any]]:
    """Yield the values of a text, each with its first line."""
    text, at, line = data.decode(), 0, 1
    while True:
        space = SPACE.match(text, at)
        start = space.end() if space else at
        if start == len(text):
            return
        line += text.count("\n", at, start)
        value, at = _decode(text, start, line, file)
        yield line, value
        line += text.count("\n", start, at)


def parse_line(line: bytes, file: str, number: int) -> Any:
    """Return the value of one line of a file."""
    text = line.decode()
    found, end = _decode(text, 0, number, file)
    if text[end:].strip():
        fact = "cannot be read: more follows on the line"
        raise InputError("JSON", fact, "write one value a line", SourceLocation(file, number, end + 1))
    return found


def _decode(text: str, start: int, line: int, file: str) -> tuple[Any, int]:
    try:
        return DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        before = text.count("\n", start, error.pos)
        where = SourceLocation(file, line + before, error.pos - text.rfind("\n", 0, error.pos))
        raise InputError("JSON", f"cannot be read: {error.msg.lower()}", "mend the syntax there", where) from error
    except _TwiceError as error:
        raise _twice(str(error), text[start:], line, file) from None
    except _NoNumberError as error:
        fact = f"is {error}, which no Kubernetes object can hold"
        raise InputError("number", fact, "put it in quotes", SourceLocation(file, line)) from None
    except ValueError as error:  # an integer of thousands of digits
        raise InputError("number", "is too long", "put it in quotes", SourceLocation(file, line)) from error
    except RecursionError as error:
        raise InputError("JSON", "is nested too deep", "write it flatter", SourceLocation(file, line)) from error


def _twice(key: str, text: str, line: int, file: str) -> InputError:
    """Return the error with the key's own line, which reading the same text as YAML finds."""
    try:
        yaml_text.parse(text.encode(), file, line - 1)
    except InputError as error:
        if error.subject.startswith("key"):
            return error
    return InputError(f"key {key}", "is a duplicate in its mapping", "keep one of the two", SourceLocation(file, line))


class _TwiceError(Exception):
    pass


class _NoNumberError(Exception):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _TwiceError(Counter(key for key, _ in pairs).most_common(1)[0][0])
    return made


def _no_number(text: str) -> Any:
    raise _NoNumberError(text)


DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_number)
