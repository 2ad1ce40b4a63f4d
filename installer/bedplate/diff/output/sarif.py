"""A diff's findings as SARIF 2.1.0, for code scanning.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. What GitHub reads of it:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import bedplate
from bedplate.core.errors import SourceLocation
from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.diff.output.summary import message_text, subject_text
from bedplate.diff.output.view import ReportView
from bedplate.kube.change import path_text

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {
    Risk.NONE: "note",
    Risk.RESTART: "note",
    Risk.DISRUPTION: "warning",
    Risk.DATA: "error",
    Risk.SECURITY: "error",
}
SEVERITY = {Risk.SECURITY: "8.0"}
"""With this score, GitHub lists a rule among security alerts; from 7.0 it is "high"."""


def show(view: ReportView) -> str:
    """Return the log of one run."""
    places = _places(view)
    findings = [(finding, places.get(finding)) for finding in view.report.effects.findings]
    rules = {finding.rule: finding for finding, _ in sorted(findings, key=lambda pair: pair[0].risk)}
    order = {rule: at for at, rule in enumerate(sorted(rules))}
    run = {
        "tool": {
            "driver": {
                "name": "bedplate diff",
                "semanticVersion": bedplate.__version__,
                "rules": [_rule(rules[name]) for name in order],
            }
        },
        # The category: GitHub takes one run per category and commit, so two environments need two.
        "automationDetails": {"id": f"bedplate-diff/{view.report.new}/"},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, location, order, view.report.new) for finding, location in findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False) + "\n"


def _places(view: ReportView) -> dict[DiffFinding, SourceLocation]:
    return {finding: item.location for item in view.items for finding in item.findings if item.location}


def _rule(worst: DiffFinding) -> dict[str, Any]:
    """Return a rule, described by its worst finding."""
    value: dict[str, Any] = {
        "id": worst.rule,
        "name": "".join(part.capitalize() for part in worst.rule.replace("_", "-").split("-")),
        "shortDescription": {"text": worst.rule.replace("-", " ")},
        "defaultConfiguration": {"level": LEVELS[worst.risk]},
        "properties": {"tags": [str(worst.risk)]},
    }
    if worst.source.startswith("https://"):
        value["helpUri"] = worst.source.split()[0]
    if worst.risk in SEVERITY:
        value["properties"]["security-severity"] = SEVERITY[worst.risk]
    return value


def _result(finding: DiffFinding, location: SourceLocation | None, order: dict[str, int], new: str) -> dict[str, Any]:
    name = subject_text(finding)
    path = path_text(finding.path)
    return {
        "ruleId": finding.rule,
        "ruleIndex": order[finding.rule],
        "level": LEVELS[finding.risk],
        "message": {"text": f"{name} {message_text(finding)}"},
        "locations": [_location(location or SourceLocation(new), str(finding.subject), path)],
        "partialFingerprints": {"bedplateFinding/v1": _fingerprint(finding, path)},
        "properties": {"risk": str(finding.risk), "component": finding.component, "path": path},
    }


def _location(location: SourceLocation, name: str, path: str) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(location.file)},
            "region": {"startLine": max(location.line, 1)},
        },
        "logicalLocations": [{"name": name, "fullyQualifiedName": f"{name}#{path}" if path else name}],
    }


def _uri(file: str) -> str:
    """Return a file as code scanning expects it: relative to the repository's root, where the command runs."""
    path = PurePosixPath(file)
    here = PurePosixPath(Path.cwd())
    return quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _fingerprint(finding: DiffFinding, path: str) -> str:
    """Return what identifies a finding in later runs: not its line, nor the values in its message."""
    return hashlib.sha256("\0".join((finding.rule, str(finding.subject), path)).encode()).hexdigest()
