"""Findings of the rules kept as data: immutable fields, data at risk, privileges of pods, interruptions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bedplate.config.diff_rule import DiffRule
from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.diff.rules.match import RuleMatch, find_matches
from bedplate.diff.rules.rulebook import Rulebook
from bedplate.kube import secret_values
from bedplate.kube.change import Action, Changes, ElementKey, ObjectChange, Path, path_text

LONGEST = 80
RuleMatches = tuple[DiffRule, list[RuleMatch]]


def findings(changes: Changes, book: Rulebook) -> Iterator[DiffFinding]:
    """Yield the findings of every changed object, but not of those that are deleted with their namespace."""
    gone = {
        change.identity.name
        for change in changes.objects
        if change.identity.kind == "Namespace" and change.action is Action.REMOVED
    }
    for change in changes.objects:
        if not (change.action is Action.REMOVED and change.identity.namespace in gone):
            yield from findings_of_object(change, book)


def findings_of_object(change: ObjectChange, book: Rulebook) -> list[DiffFinding]:
    """Return the findings of one object: one for each rule, and one for all reasons to replace it."""
    matched = [(rule, found) for rule in book.rules_for(change.resource) if (found := find_matches(rule, change))]
    superseded = {name for rule, _ in matched for name in rule.supersedes}
    matched = [one for one in matched if one[0].id not in superseded]
    replacing = [one for one in matched if one[0].effect == "replaced"]
    others = [combined_finding(change, [one]) for one in matched if one not in replacing]
    return [combined_finding(change, replacing), *others] if replacing else others


def combined_finding(change: ObjectChange, matched: list[RuleMatches]) -> DiffFinding:
    """Return one finding for rules that have the same effect, named after the worst of them."""
    worst = max((rule for rule, _ in matched), key=lambda rule: Risk[rule.risk.upper()])
    matches = [match for _, found in matched for match in found]
    message = _message(change, worst, matches)
    if change.action is Action.RENAMED and change.old and "removed" in worst.actions:
        message = f"was {change.old.identity.name}, which {message}"
    return DiffFinding(
        rule=worst.id,
        risk=Risk[worst.risk.upper()],
        subject=change.identity,
        message=message,
        path=matches[0].path,
        component=change.resource.component,
        source=worst.source,
    )


def _message(change: ObjectChange, rule: DiffRule, matches: list[RuleMatch]) -> str:
    hidden = change.identity.kind == "Secret"
    return rule.message.format(
        path=join_words(path_text(match.path) for match in matches),
        key=join_words(_key(match.path) for match in matches),
        old=secret_values.HIDDEN if hidden else join_words(short_text(match.old) for match in matches),
        new=secret_values.HIDDEN if hidden else join_words(short_text(match.new) for match in matches),
        name=change.identity.name,
    )


def _key(path: Path) -> str:
    """Return the last step in words; an element is written as the values of its keys: 80/TCP."""
    step = path[-1] if path else ""
    return "/".join(str(value) for _, value in step.fields) if isinstance(step, ElementKey) else path_text(path[-1:])


def join_words(words: Iterable[str], most: int | None = None) -> str:
    """Return words without repetition, as a list in a sentence: ``a, b and c``, or ``a, b and 3 more``."""
    each = list(dict.fromkeys(words))
    if most is not None and len(each) > most:
        each = [*each[:most], f"{len(each) - most} more"]
    return " and ".join(filter(None, (", ".join(each[:-1]), each[-1]))) if each else ""


def short_text(value: Any) -> str:
    """Return a value for a sentence, cut if it is long."""
    value = secret_values.redact(value)
    text = "nothing" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
