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
        fact = "cannot be read: there is more than one value on the line"
        raise InputError("JSON", fact, "write one value per line", SourceLocation(file, number, end + 1))
    return found


def _decode(text: str, start: int, line: int, file: str) -> tuple[Any, int]:
    try:
        return DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        before = text.count("\n", start, error.pos)
        where = SourceLocation(file, line + before, error.pos - text.rfind("\n", 0, error.pos))
        raise InputError("JSON", f"cannot be read: {error.msg.lower()}", "fix the syntax there", where) from error
    except _DuplicateKeyError as error:
        raise _duplicate_key(str(error), text[start:], line, file) from None
    except _InvalidNumberError as error:
        fact = f"is {error}, which is not allowed in Kubernetes"
        raise InputError("number", fact, "put it in quotes", SourceLocation(file, line)) from None
    except ValueError as error:  # an integer of thousands of digits
        raise InputError("number", "is too long", "put it in quotes", SourceLocation(file, line)) from error
    except RecursionError as error:
        raise InputError("JSON", "is nested too deeply", "reduce the nesting", SourceLocation(file, line)) from error


def _duplicate_key(key: str, text: str, line: int, file: str) -> InputError:
    """Return the error with the line of the key, which is found by parsing the same text as YAML."""
    try:
        yaml_text.parse(text.encode(), file, line - 1)
    except InputError as error:
        if error.subject.startswith("key"):
            return error
    return InputError(f"key {key}", "is a duplicate in its mapping", "keep one of the two", SourceLocation(file, line))


class _DuplicateKeyError(Exception):
    pass


class _InvalidNumberError(Exception):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _DuplicateKeyError(Counter(key for key, _ in pairs).most_common(1)[0][0])
    return result


def _refuse_number(text: str) -> Any:
    raise _InvalidNumberError(text)


DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_number)
