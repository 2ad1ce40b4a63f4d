"""A diff as the comment of a pull request: a summary, then every object folded; what does not fit is cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate

from bedplate.core.sizes import count_of
from bedplate.diff.compare.value_text import Row, printable
from bedplate.diff.effects.effect_finding import DiffFinding, ImageChange, Risk
from bedplate.diff.output.markdown_escape import code, fenced, prose, tag
from bedplate.diff.output.summary import DiffSummary, SummaryBlock, image_text, message_parts, risk_text, subject_text
from bedplate.diff.output.view import ReportView, ViewGroup, ViewItem
from bedplate.kube.change import Action

LIMIT = 65_536
"""Characters of a comment on GitHub; a longer one is refused ("body is too long (maximum is 65536 characters)")."""
ROOM = LIMIT - 1_500
"""The rest is left for workflows that add a line, and for programs that count an emoji or a newline as two."""
ONE = ROOM // 3
"""Characters of one object; a longer one is cut, however risky, because it would push out all others."""
NAMED = 20
"""Objects whose names are listed among those that were cut."""
MARKER = "<!-- bedplate diff -->"
"""First line of every comment, by which a workflow finds the one to update."""
SIGNS = {Risk.NONE: "⚪", Risk.RESTART: "🔵", Risk.DISRUPTION: "🟡", Risk.DATA: "🟣", Risk.SECURITY: "🔴"}
MARKS = {Action.ADDED: "+", Action.REMOVED: "-", Action.CHANGED: "±", Action.RENAMED: "→"}


def show(view: ReportView) -> str:
    """Return the comment, never longer than LIMIT."""
    head = "\n".join([MARKER, *_summary(view.summary), *_overall(view.findings), *_images(view.images)])
    items = _by_risk(view)
    room = ROOM - len(head)
    kept = _kept(items, room)
    if len(kept) < len(items):
        kept = _kept(items, room - len(_cut([])) - NAMED * max(len(_named(item)) + 1 for _, item in items))
    parts = [head]
    for group in view.groups:
        blocks = [kept[id(item)] for item in group.items if id(item) in kept]
        if blocks:
            parts += [_heading(group.name), *blocks]
    cut = [item for _, item in items if id(item) not in kept]
    if cut:
        parts.append(_cut(cut))
    return "\n\n".join(parts) + "\n"


def _kept(items: list[tuple[ViewGroup, ViewItem]], room: int) -> dict[int, str]:
    """Return the items that fit, by their id; the least risky are left out first."""
    kept: dict[int, str] = {}
    begun: set[str] = set()
    for group, item in items:
        text = _item(item)
        if len(text) > ONE:
            continue
        room -= len(text) + 2 + (0 if group.name in begun else len(_heading(group.name)) + 2)
        if room < 0:
            break
        begun.add(group.name)
        kept[id(item)] = text
    return kept


def _by_risk(view: ReportView) -> list[tuple[ViewGroup, ViewItem]]:
    pairs = ((group, item) for group in view.groups for item in group.items)
    return sorted(pairs, key=lambda pair: -pair[1].risk)


def _heading(name: str) -> str:
    return f"#### {code(name)}"


def _summary(summary: DiffSummary) -> Iterator[str]:
    risks = ", ".join(f"{count} {risk}" for risk, count in summary.risks) or "no findings"
    yield f"### {SIGNS[summary.worst]} {code(summary.old)} → {code(summary.new)}"
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| **Changed** | {prose(summary.counts)} |"
    yield f"| **Worst risk** | **{summary.worst}** ({risks}) |"
    yield f"| **Downtime** | {prose(summary.downtime)} |"
    for note in summary.notes:
        yield f"| **Note** | {prose(note)} |"
    for block in summary.fitting():
        yield _block(block)


def _block(block: SummaryBlock) -> str:
    lines = [f"{code(line.subject)} {prose(line.text)}" for line in block.lines]
    if block.more:
        lines.append(f"… and {block.more} more")
    return f"| **{block.title}** | {'<br>'.join(lines)} |"


def _overall(findings: tuple[DiffFinding, ...]) -> Iterator[str]:
    if not findings:
        return
    yield from ("", f"<details><summary><b>Overall</b>: {count_of(len(findings), 'finding')}</summary>", "")
    for finding in findings[:NAMED]:
        yield _finding(finding, f"{code(subject_text(finding))} ")
    if len(findings) > NAMED:
        yield f"- … and {len(findings) - NAMED} more"
    yield from ("", "</details>")


def _images(images: tuple[ImageChange, ...]) -> Iterator[str]:
    if not images:
        return
    yield from ("", f"<details><summary><b>Images</b>: {count_of(len(images), 'change')}</summary>", "")
    lines = [f"{printable(image.name)}: {image_text(image)}" for image in images]
    room = ROOM // 8
    fits = sum(1 for used in accumulate(len(line) + 1 for line in lines) if used <= room)
    yield fenced([*lines[:fits], *([f"… and {len(lines) - fits} more"] if fits < len(lines) else [])], "")
    yield from ("", "</details>")


def _finding(finding: DiffFinding, about: str = "") -> str:
    text, rights = message_parts(finding)
    first = f"- {SIGNS[finding.risk]} **{risk_text(finding.risk)}** {about}{prose(text)}"
    return "\n".join([first, *(f"  - {prose(right)}" for right in rights)])


def _item(item: ViewItem) -> str:
    risk = f" · {item.risk}" if item.risk else ""
    parts = [f"<details><summary>{SIGNS[item.risk]} {_name(item)} {item.action}{risk}</summary>", ""]
    parts += [_finding(finding) for finding in item.findings]
    if item.findings:
        parts.append("")
    if item.rows:
        parts += [fenced(_diff(item.rows), "diff"), ""]
    if item.whole:
        sign = "+" if item.action is Action.ADDED else "-"
        parts += [fenced((f"{sign} {line}" for line in item.whole), "diff"), ""]
    return "\n".join([*parts, "</details>"])


def _name(item: ViewItem) -> str:
    was = f"{tag(item.was)} → " if item.was else ""
    return f"{MARKS[item.action]} {was}{tag(item.title)}"


def _diff(rows: Iterable[Row]) -> Iterator[str]:
    """Return rows as lines that begin with - or +, which GitHub colors."""
    for row in rows:
        note = f"  ({row.note})" if row.note else ""
        if row.lines:
            yield f"@@ {row.path}{note} @@"
            yield from row.lines
            continue
        if not (row.old or row.new):
            yield f"@@ {row.path}{note} @@"
            continue
        if row.action is not Action.ADDED:
            yield f"- {row.path}: {row.old}{note}"
        if row.action is not Action.REMOVED:
            yield f"+ {row.path}: {row.new}{note}"


def _cut(items: list[ViewItem]) -> str:
    names = [_named(item) for item in items[:NAMED]]
    if len(items) > NAMED:
        names.append(f"- … and {len(items) - NAMED} more")
    first = (
        f"**Not shown here: {count_of(len(items), 'object')}**, the least risky ones and those too long for a comment. "
        "To see everything, run `bedplate diff` on the same snapshots with `--output html --out diff.html`."
    )
    return "\n".join([first, "", *names])


def _named(item: ViewItem) -> str:
    return f"- {SIGNS[item.risk]} {_name(item)} {item.action}"
