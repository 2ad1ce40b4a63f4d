"""Values as text: on one line if it fits, else the lines that differ."""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from bedplate.kube.change import Action, Change, ElementKey, ListOrder, Path, path_text

SHORT = 100
"""A longer value is shown on separate lines."""
STRUCTURE = re.compile(r"[,\[\]{}]|: |^$")
KEY = 50
"""Characters of a list element's key in a path."""
AROUND = 3
"""Equal lines shown around those that differ, as in diff -u."""
LARGEST = 1500
"""More differing lines are shown as removed and added, because pairing them would take seconds."""

AMBIGUOUS = re.compile(
    r"|\s.*|.*\s|null|true|false|yes|no|on|off|~|[{\[].*|.*[\"'].*|\(hidden\).+|"
    r"[-+]?(0[xo][\da-f]+|\d[\d_]*(\.\d*)?(e[-+]?\d+)?|\.\d+|\.inf|\.nan)",
    re.IGNORECASE | re.DOTALL,
)
"""Strings that look like another type, or like nothing, without quotes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One change as text, ready to be styled.

    Attributes:
        path: as people read it.
        action: added, removed or changed.
        old: the value before, on one line; empty if added, or if there are lines.
        new: the value after; empty if removed, or if there are lines.
        lines: what differs in a long value; each line begins with ``-``, ``+``, a space or ``@``.
        note: what else a reader should know.
    """

    path: str
    action: Action
    old: str = ""
    new: str = ""
    lines: tuple[str, ...] = ()
    note: str = ""


def to_row(change: Change) -> Row:
    """Return a change as a row."""
    path, note = printable(path_text(_brief(change))) or "(whole)", printable(change.note)
    if change.path and isinstance(change.path[-1], ListOrder):
        change = dataclasses.replace(change, old=_order_text(change.old), new=_order_text(change.new))
    old = "" if change.action is Action.ADDED else _one_line(change.old)
    new = "" if change.action is Action.REMOVED else _one_line(change.new)
    if old is None or new is None:
        return Row(path, change.action, lines=tuple(_lines(change)), note=note)
    return Row(path, change.action, old, new, note=note)


def _order_text(names: Any) -> str:
    """Return the names of a list's elements in their order: ``[name=HOST]`` is HOST."""
    return ", ".join(
        "/".join(part.rpartition("=")[2] for part in name.strip("[]").split(",")) for name in map(str, names)
    )


def _brief(change: Change) -> Path:
    """Return a path without the value of an element, which is shown after it, and with long keys cut."""
    path = change.path
    match path:
        case (*parents, ElementKey(fields=(("", _),))) if change.action is not Action.CHANGED:
            path = tuple(parents)
    return tuple(_brief_step(step) if isinstance(step, ElementKey) else step for step in path)


def _brief_step(step: ElementKey) -> ElementKey:
    return ElementKey(tuple((name, _brief_key(value)) for name, value in step.fields))


def _brief_key(value: Any) -> Any:
    text = "|".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= KEY else f"{text[: KEY - 1]}…"


def printable(text: str) -> str:
    """Return text in which control characters, line ends and marks that reorder text are written as escapes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def yaml_lines(value: Any) -> list[str]:
    """Return a value as lines of YAML; the keys sorted, so that their order in a file means nothing."""
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=True, allow_unicode=True, width=2**20)
    return [printable(line) for line in text.removesuffix("...\n").splitlines()]


def scalar(value: Any) -> str:
    """Return a value without parts on one line, so that 1 and "1" look different."""
    if not isinstance(value, str):
        return printable(json.dumps(value, ensure_ascii=False, default=str))
    text = printable(value)
    return json.dumps(value, ensure_ascii=False) if text == value and AMBIGUOUS.fullmatch(text) else text


def _one_line(value: Any) -> str | None:
    if isinstance(value, str):
        return scalar(value) if len(value) <= SHORT and "\n" not in value else None
    if isinstance(value, dict | list) and value:
        text = _flow(value) if len(value) <= SHORT // 2 else ""
        return text if 0 < len(text) <= SHORT else None
    return scalar(value)


def _flow(value: Any) -> str:
    """Return a small value as YAML on one line."""
    match value:
        case dict() if value:
            return f"{{{', '.join(f'{_flow(key)}: {_flow(part)}' for key, part in sorted(value.items()))}}}"
        case list() if value:
            return f"[{', '.join(map(_flow, value))}]"
        case str() if STRUCTURE.search(value) or "\n" in value:
            return json.dumps(value, ensure_ascii=False)
        case _:
            return scalar(value)


def _lines(change: Change) -> Iterator[str]:
    if change.action is not Action.CHANGED:
        sign, value = ("+", change.new) if change.action is Action.ADDED else ("-", change.old)
        yield from (f"{sign} {line}" for line in _text(value))
        return
    old, new = _text(change.old), _text(change.new)
    if isinstance(change.old, str) and isinstance(change.new, str):
        ends = [text.endswith("\n") for text in (change.old, change.new)]
        if ends[0] != ends[1]:
            (old if ends[1] else new).append("(no newline at the end)")
    yield from unified(old, new)


def unified(old: list[str], new: list[str]) -> Iterator[str]:
    """Return the lines that differ between two texts, with equal lines around them, as ``diff -u`` does."""
    head = _equal(old, new)
    tail = _equal(old[head:][::-1], new[head:][::-1])
    if max(len(old), len(new)) - head - tail > LARGEST:
        yield f"@@ line {head + 1} @@"
        yield from (f"- {line}" for line in old[head : len(old) - tail])
        yield from (f"+ {line}" for line in new[head : len(new) - tail])
        return
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    groups = list(matcher.get_grouped_opcodes(AROUND))
    for group in groups:
        if len(groups) > 1 or group[0][1]:
            yield f"@@ line {group[0][3] + 1} @@"
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                yield from (f"  {line}" for line in old[old_from:old_to])
            else:
                yield from (f"- {line}" for line in old[old_from:old_to])
                yield from (f"+ {line}" for line in new[new_from:new_to])


def _equal(old: list[str], new: list[str]) -> int:
    return next(
        (at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new))
    )


def _text(value: Any) -> list[str]:
    if isinstance(value, str):
        lines = [printable(line) for line in value.split("\n")]
        return lines[:-1] if len(lines) > 1 and lines[-1] == "" else lines
    return yaml_lines(value) if isinstance(value, dict | list) else [scalar(value)]


def _escape(char: str) -> str:
    return json.dumps(char)[1:-1] if ord(char) < 0x20 or ord(char) > 0xFF else f"\\x{ord(char):02x}"  # noqa: PLR2004  ASCII


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes YAML as people do: several lines as a block, no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  the interface of yaml
        """Write no aliases."""
        return True


def _string(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _string)
