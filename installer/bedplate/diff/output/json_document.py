"""A diff as JSON for programs, described by docs/reference/diff.schema.json."""

from __future__ import annotations

import json
from typing import Any

from bedplate.diff.compare.namespaces import written_identity
from bedplate.diff.effects.effect_finding import DiffFinding, ImageChange, QuotaChange
from bedplate.diff.output.summary import DiffSummary
from bedplate.diff.output.view import ReportView, ViewGroup, ViewItem
from bedplate.kube import secret_values
from bedplate.kube.change import (
    Action,
    Change,
    ElementKey,
    HostChange,
    InsideDocument,
    ListOrder,
    ObjectChange,
    PathStep,
    path_text,
)
from bedplate.kube.object_id import ObjectId

FORM = "bedplate-diff/1"
"""The name of the form. An added field keeps it; a field that changes its meaning needs a new name."""


def show(view: ReportView) -> str:
    """Return the document."""
    return json.dumps(document(view), indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n"


def document(view: ReportView) -> dict[str, Any]:
    """Return the document as values."""
    effects = view.report.effects
    return {
        "form": FORM,
        "old": view.report.old,
        "new": view.report.new,
        "summary": _summary(view.summary),
        "drains": {node: list(reasons) for node, reasons in sorted(effects.drains.items())},
        "reboots": {node: list(reasons) for node, reasons in sorted(effects.reboots.items())},
        "restarts": [_identity(identity) for identity in effects.restarts],
        "quotas": [_amount(amount) for amount in effects.quotas],
        "images": [_image(image) for image in effects.images],
        "findings": [_finding(finding) for finding in view.findings],
        "groups": [_group(group) for group in view.groups],
        "facts": effects.facts,
        "notes": list(view.report.notes),
    }


def _summary(summary: DiffSummary) -> dict[str, Any]:
    return {
        "changed": summary.counts,
        "worst": str(summary.worst),
        "risks": {str(risk): count for risk, count in summary.risks},
        "downtime": summary.downtime,
    }


def _group(group: ViewGroup) -> dict[str, Any]:
    return {"name": group.name, "worst": str(group.risk), "items": [_item(item) for item in group.items]}


def _item(item: ViewItem) -> dict[str, Any]:
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
    location = change.resource.location
    value: dict[str, Any] = {"object": _identity(change.identity)}
    if change.old and (was := written_identity(change.old)) != change.identity:
        value["was"] = _identity(was)
    if change.resource.component:
        value["component"] = change.resource.component
    if location:
        value["place"] = {"file": location.file, "line": location.line}
    if not change.old or not change.new:
        value["whole"] = secret_values.redact(change.resource.object)
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
        "shown": path_text(change.path),
        "action": str(change.action),
    }
    if change.action is not Action.ADDED:
        value["old"] = change.old
    if change.action is not Action.REMOVED:
        value["new"] = change.new
    extras = {"note": change.note or None, "at": change.at, "text": change.text}
    return value | {name: extra for name, extra in extras.items() if extra is not None}


def step(value: PathStep) -> Any:
    """Return a step of a path: a key or a position as it is, other steps as a mapping whose one key says what it is."""
    match value:
        case ElementKey():
            return {"by": [[name, list(part) if isinstance(part, tuple) else part] for name, part in value.fields]}
        case InsideDocument():
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
        "fact": finding.message,
        "path": [step(one) for one in finding.path],
        "component": finding.component,
        "source": finding.source,
    }


def _identity(identity: ObjectId) -> dict[str, str]:
    return identity._asdict()


def _image(image: ImageChange) -> dict[str, Any]:
    return {"name": image.name, "old": image.old, "new": image.new, "carry": image.carry, "pull": image.pull}


def _amount(amount: QuotaChange) -> dict[str, str]:
    return {"subject": amount.subject, "resource": amount.resource, "old": amount.old, "new": amount.new}
