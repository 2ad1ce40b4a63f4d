"""A diff for programs: a stable JSON document, described by docs/reference/diff.schema.json."""

from __future__ import annotations

import json
from typing import Any

from bedplate.diff.outline import Outline, OutlineGroup, OutlineItem
from bedplate.diff.rules.effect_finding import Amount, DiffFinding, ImageChange
from bedplate.diff.summary import DiffSummary
from bedplate.kube import secret_values
from bedplate.kube.change import ByKey, Change, HostChange, Inside, ListOrder, ObjectChange, Step, shown
from bedplate.kube.object_id import ObjectId

FORM = "bedplate-diff/1"
"""The form's name; a field that is added keeps it, a field that changes its meaning does not."""


def show(outline: Outline) -> str:
    """Return the document."""
    return json.dumps(document(outline), indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n"


def document(outline: Outline) -> dict[str, Any]:
    """Return the document as values."""
    meaning = outline.report.meaning
    return {
        "form": FORM,
        "old": outline.report.old,
        "new": outline.report.new,
        "summary": _summary(outline.summary),
        "drains": {node: list(reasons) for node, reasons in sorted(meaning.drains.items())},
        "reboots": {node: list(reasons) for node, reasons in sorted(meaning.reboots.items())},
        "restarts": [_identity(identity) for identity in meaning.restarts],
        "quotas": [_amount(amount) for amount in meaning.quotas],
        "images": [_image(image) for image in meaning.images],
        "findings": [_finding(finding) for finding in outline.findings],
        "groups": [_group(group) for group in outline.groups],
        "facts": meaning.facts,
    }


def _summary(summary: DiffSummary) -> dict[str, Any]:
    return {
        "changed": summary.counts,
        "worst": str(summary.worst),
        "risks": {str(risk): count for risk, count in summary.risks},
        "downtime": summary.downtime,
    }


def _group(group: OutlineGroup) -> dict[str, Any]:
    return {"name": group.name, "worst": str(group.risk), "items": [_item(item) for item in group.items]}


def _item(item: OutlineItem) -> dict[str, Any]:
    about = _object(item.change) if isinstance(item.change, ObjectChange) else _host(item.change)
    return {
        "title": item.title,
        "action": str(item.action),
        "risk": str(item.risk),
        **about,
        "findings": [_finding(finding) for finding in item.findings],
        "changes": [_change(change) for change in item.change.changes],
    }


def _object(change: ObjectChange) -> dict[str, Any]:
    location = change.thing.location
    value: dict[str, Any] = {"object": _identity(change.identity)}
    if change.old and change.new and change.old.identity != change.new.identity:
        value["was"] = _identity(change.old.identity)
    if change.thing.component:
        value["component"] = change.thing.component
    if location:
        value["place"] = {"file": location.file, "line": location.line}
    if not change.old or not change.new:
        value["whole"] = secret_values.shown(change.thing.object)
    return value


def _host(change: HostChange) -> dict[str, Any]:
    value: dict[str, Any] = {"host": change.host}
    spec = change.new or change.old
    if spec and not (change.old and change.new):
        value["whole"] = spec.model_dump(mode="json", exclude={"digest"})
    return value


def _change(change: Change) -> dict[str, Any]:
    value: dict[str, Any] = {
        "path": [step(one) for one in change.path],
        "shown": shown(change.path),
        "action": str(change.action),
    }
    sides = {"old": change.old, "new": change.new}
    value |= {name: side for name, side in sides.items() if change.action != {"old": "added", "new": "removed"}[name]}
    extras = {"note": change.note or None, "at": change.at, "text": change.text}
    return value | {name: extra for name, extra in extras.items() if extra is not None}


def step(value: Step) -> Any:
    """Return a step of a path: a key or a position as it is, the others as a mapping with one key that says which."""
    match value:
        case ByKey():
            return {"by": [[name, list(part) if isinstance(part, tuple) else part] for name, part in value.fields]}
        case Inside():
            return {"inside": value.form}
        case ListOrder():
            return {"order": True}
        case _:
            return value


def _finding(finding: DiffFinding) -> dict[str, Any]:
    subject = finding.subject
    return {
        "rule": finding.rule,
        "risk": str(finding.risk),
        "subject": _identity(subject) if isinstance(subject, ObjectId) else subject,
        "fact": finding.fact,
        "path": [step(one) for one in finding.path],
        "component": finding.component,
        "source": finding.source,
    }


def _identity(identity: ObjectId) -> dict[str, str]:
    return identity._asdict()


def _image(image: ImageChange) -> dict[str, Any]:
    return {"name": image.name, "old": image.old, "new": image.new, "carry": image.carry, "pull": image.pull}


def _amount(amount: Amount) -> dict[str, str]:
    return {"subject": amount.subject, "resource": amount.resource, "old": amount.old, "new": amount.new}
