"""Consequences that a rule's data says: immutable fields, data at risk, privileges of pods, interruptions."""

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
Ruling = tuple[DiffRule, list[RuleMatch]]


def findings(changes: Changes, book: Rulebook) -> Iterator[DiffFinding]:
    """Yield what the rules say of every object that differs; what goes with its namespace needs no word of its own."""
    gone = {
        change.identity.name
        for change in changes.objects
        if change.identity.kind == "Namespace" and change.action is Action.REMOVED
    }
    for change in changes.objects:
        if not (change.action is Action.REMOVED and change.identity.namespace in gone):
            yield from findings_of_object(change, book)


def findings_of_object(change: ObjectChange, book: Rulebook) -> list[DiffFinding]:
    """Return what the rules say of one object: one finding a rule, and one for all reasons to replace it."""
    rulings = [(rule, found) for rule in book.rules_for(change.resource) if (found := find_matches(rule, change))]
    lesser = {name for rule, _ in rulings for name in rule.supersedes}
    rulings = [ruling for ruling in rulings if ruling[0].id not in lesser]
    replaced = [ruling for ruling in rulings if ruling[0].effect == "replaced"]
    kept = [combined_finding(change, [ruling]) for ruling in rulings if ruling not in replaced]
    return [combined_finding(change, replaced), *kept] if replaced else kept


def combined_finding(change: ObjectChange, rulings: list[Ruling]) -> DiffFinding:
    """Return one finding for rules that have one consequence; the worst of them names it."""
    worst = max((rule for rule, _ in rulings), key=lambda rule: Risk[rule.risk.upper()])
    places = [hit for _, found in rulings for hit in found]
    message = _fact(change, worst, places)
    if change.action is Action.RENAMED and change.old and "removed" in worst.actions:
        message = f"was {change.old.identity.name}, which {message}"
    return DiffFinding(
        rule=worst.id,
        risk=Risk[worst.risk.upper()],
        subject=change.identity,
        message=message,
        path=places[0].path,
        component=change.resource.component,
        source=worst.source,
    )


def _fact(change: ObjectChange, rule: DiffRule, places: list[RuleMatch]) -> str:
    hidden = change.identity.kind == "Secret"
    return rule.message.format(
        path=join_words(path_text(hit.path) for hit in places),
        key=join_words(_key(hit.path) for hit in places),
        old=secret_values.HIDDEN if hidden else join_words(short_text(hit.old) for hit in places),
        new=secret_values.HIDDEN if hidden else join_words(short_text(hit.new) for hit in places),
        name=change.identity.name,
    )


def _key(path: Path) -> str:
    """Return the last step in words: an element is told by the values of its keys, as 80/TCP."""
    step = path[-1] if path else ""
    return "/".join(str(value) for _, value in step.fields) if isinstance(step, ElementKey) else path_text(path[-1:])


def join_words(words: Iterable[str], last: str = "and") -> str:
    """Return words, each once, as a list in a sentence: ``a, b and c``."""
    each = list(dict.fromkeys(words))
    return f" {last} ".join(filter(None, (", ".join(each[:-1]), each[-1]))) if each else ""


def short_text(value: Any) -> str:
    """Return a value for a sentence, cut where it is long."""
    value = secret_values.redact(value)
    text = "nothing" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
