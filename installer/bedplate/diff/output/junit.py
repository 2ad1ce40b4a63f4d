"""A diff as JUnit XML: one test case for each changed object and host; those at or above a risk have failed.

The format that CI systems read: https://github.com/testmoapp/junitxml.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable

from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.diff.output.summary import message_text, subject_text
from bedplate.diff.output.view import ReportView

OVERALL = "overall"


def show(view: ReportView, *, fail_on: Risk | None = None) -> str:
    """Return the document; without ``fail_on``, nothing has failed."""
    root = ET.Element("testsuites", name=f"bedplate diff {view.summary.old} {view.summary.new}")
    overall: dict[str, list[DiffFinding]] = {}
    for finding in view.findings:
        overall.setdefault(subject_text(finding), []).append(finding)
    if overall:
        _suite(root, OVERALL, overall.items(), fail_on)
    for group in view.groups:
        _suite(root, group.name, ((f"{item.title} {item.action}", item.findings) for item in group.items), fail_on)
    for total in ("tests", "failures"):
        root.set(total, str(sum(int(suite.get(total, "0")) for suite in root)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _suite(
    root: ET.Element, name: str, cases: Iterable[tuple[str, Iterable[DiffFinding]]], fail_on: Risk | None
) -> None:
    suite = ET.SubElement(root, "testsuite", name=name)
    for title, findings in cases:
        case = ET.SubElement(suite, "testcase", classname=name, name=title, time="0")
        lines = [_line(finding) for finding in findings]
        failing = [_line(finding) for finding in findings if fail_on is not None and finding.risk >= fail_on]
        if failing:
            ET.SubElement(case, "failure", message=failing[0], type=failing[0].partition(":")[0]).text = "\n".join(
                lines
            )
        elif lines:
            ET.SubElement(case, "system-out").text = "\n".join(lines)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))


def _line(finding: DiffFinding) -> str:
    return f"{finding.risk}: {message_text(finding)}"
