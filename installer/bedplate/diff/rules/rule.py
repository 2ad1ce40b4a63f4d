"""A rule as the diff applies it; config/diff_rule.py describes the same fields, but takes long to load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Given:
    """A fact about the whole object that must hold as well; see config/diff_rule.py."""

    path: str
    side: str = "old"
    among: Sequence[Any] = ()
    missing: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One consequence of one kind of change; see config/diff_rule.py."""

    id: str
    kinds: Sequence[str]
    risk: str
    fact: str
    source: str
    when: Sequence[str] = ("changed",)
    path: str = ""
    apart: Sequence[str] = ()
    enters: Sequence[Any] = ()
    leaves: Sequence[Any] = ()
    moves: str = ""
    given: Sequence[Given] = ()
    instead: Sequence[str] = ()
    effect: str = ""


def of(fields: Mapping[str, Any]) -> Rule:
    """Return a rule out of its fields as they stand in a file."""
    return Rule(**{**fields, "given": tuple(Given(**one) for one in fields.get("given", ()))})
