"""A diff as text for a terminal: first the summary on one screen, then every object, the riskiest first."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

import typer

from bedplate.core.sizes import count_of
from bedplate.diff.compare.value_text import Row, printable
from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.diff.output.long_lines import cut_lines
from bedplate.diff.output.summary import (
    SCREEN,
    DiffSummary,
    SummaryBlock,
    image_text,
    message_parts,
    risk_text,
    subject_text,
)
from bedplate.diff.output.view import ReportView, ViewGroup, ViewItem
from bedplate.kube.change import Action

WIDTH = 80
"""Columns that every terminal has; a report in a file has as many."""
LABEL = 12
"""Columns for the names of a summary's blocks."""
LONGEST = 40
"""Lines of one value, or of one added object; the other formats show all."""
ROWS = 60
"""Values of one object; HTML and JSON show all."""
DETAILS = 1500
"""Lines of all details; the objects after them are only counted. The riskiest are first."""
STYLE = re.compile(r"\x1b\[[0-9;]*m")
"""What typer.style adds. Values contain none: their control characters are written as escapes."""
SIGNS = {Action.ADDED: "+", Action.REMOVED: "-", Action.CHANGED: "~", Action.RENAMED: ">"}
COLORS = {
    Risk.NONE: "",
    Risk.RESTART: "cyan",
    Risk.DISRUPTION: "yellow",
    Risk.DATA: "magenta",
    Risk.SECURITY: "red",
}
ACTION_COLORS = {Action.ADDED: "green", Action.REMOVED: "red", Action.CHANGED: "blue", Action.RENAMED: "blue"}


def show(view: ReportView, *, color: bool = False) -> str:
    """Return the whole text, with the colors of a terminal if ``color``."""
    lines = [line.rstrip() for line in _all(view)]
    text = "\n".join(lines) + "\n"
    return text if color else STYLE.sub("", text)


def _all(view: ReportView) -> Iterator[str]:
    yield from summary(view.summary)
    if view.findings:
        yield from ("", _rule("overall", "", max(finding.risk for finding in view.findings)))
        for finding in view.findings:
            yield from _finding(finding, f"{subject_text(finding)} ", "  ")
    if images := view.images:
        yield from ("", _rule("images", count_of(len(images), "change"), Risk.NONE))
        for image in images:
            yield from _wrap(f"{printable(image.name)}  {image_text(image)}", "  ", "      ")
    details = [line for group in view.groups for line in _group(group)]
    yield from details[:DETAILS]
    if len(details) > DETAILS:
        yield f"… {count_of(len(details) - DETAILS, 'more line')}, in --output html"
    if len(details) > SCREEN:
        yield from ("", _rule("verdict", "", view.summary.worst), *verdict(view.summary))


def verdict(value: DiffSummary) -> Iterator[str]:
    """Return the lines that a terminal shows last: what changed, the worst risk, what stops meanwhile."""
    for label, text, color in _head(value):
        yield typer.style(f"{label:<{LABEL}}", fg=color or None, bold=True) + _crop(text, WIDTH - LABEL)


def _head(value: DiffSummary) -> list[tuple[str, str, str]]:
    risks = ", ".join(f"{count} {risk}" for risk, count in value.risks) or "no findings"
    return [
        ("Changed", value.counts, ""),
        ("Worst risk", f"{value.worst} ({risks})", COLORS[value.worst]),
        ("Downtime", value.downtime, ""),
    ]


def summary(value: DiffSummary) -> Iterator[str]:
    """Return the lines of a summary, at most SCREEN. Wide lines are wrapped if there is room, else cut."""
    rows = [
        *_head(value),
        *(("Note", note, "") for note in value.notes),
        *(line for block in value.fitting() for line in _block(block)),
    ]
    yield typer.style(f"{_snapshot_name(value.old)} → {_snapshot_name(value.new)}", bold=True)
    room = SCREEN - 1 - len(rows)
    for label, text, color in rows:
        lines = textwrap.wrap(text, WIDTH - LABEL, subsequent_indent="  ", break_on_hyphens=False)
        if len(lines) - 1 > room:
            lines = [_crop_row(text, WIDTH - LABEL)]
        room -= len(lines) - 1
        for at, line in enumerate(lines):
            yield typer.style(f"{'' if at else label:<{LABEL}}", fg=color or None, bold=True) + line


def _block(block: SummaryBlock) -> Iterator[tuple[str, str, str]]:
    for at, line in enumerate(block.lines):
        yield ("" if at else block.title, f"{line.subject}  {line.text}", COLORS[block.risk])
    if block.more:
        yield ("", f"… and {block.more} more, below", "")


def _group(group: ViewGroup) -> Iterator[str]:
    yield ""
    yield _rule(group.name, count_of(len(group.items), "change"), group.risk)
    for item in group.items:
        yield from _item(item)


def _rule(name: str, count: str, risk: Risk) -> str:
    words = ", ".join(word for word in (count, f"worst risk {risk}" if risk else "") if word)
    head = f"── {_crop(name, WIDTH // 2)} "
    tail = f" {words}" if words else ""
    return typer.style(f"{head}{'─' * (WIDTH - len(head) - len(tail))}{tail}", fg=COLORS[risk] or None, bold=True)


def _item(item: ViewItem) -> Iterator[str]:
    name = f"{item.was} → {item.title}" if item.was else item.title
    yield ""
    lines = _wrap(f"{SIGNS[item.action]} {name}, {item.action}", "", "  ")
    yield from (typer.style(line, fg=ACTION_COLORS[item.action], bold=True) for line in lines)
    for finding in item.findings:
        yield from _finding(finding, "", "    ")
    for row in item.rows[:ROWS]:
        yield from _row(row)
    if len(item.rows) > ROWS:
        yield f"    … {count_of(len(item.rows) - ROWS, 'more value')}, in --output html"
    yield from _long([f"{SIGNS[item.action]} {line}" for line in item.whole], "    ")


def _finding(finding: DiffFinding, about: str, indent: str) -> Iterator[str]:
    head = f"{indent}! {risk_text(finding.risk)}: "
    text, rights = message_parts(finding)
    for at, line in enumerate(_wrap(head + about + text, "", indent + "  ")):
        if at:
            yield line
        else:
            yield typer.style(line[: len(head)], fg=COLORS[finding.risk] or None, bold=True) + line[len(head) :]
    for right in rights:
        yield from _wrap(right, f"{indent}  - ", f"{indent}    ")


def _row(row: Row) -> Iterator[str]:
    sign, note = SIGNS[row.action], f"  ({row.note})" if row.note else ""
    if row.lines:
        yield from _wrap(f"    {sign} {row.path}:{note}", "", "      ")
        yield from _long(list(row.lines), "        ")
        return
    if not (row.old or row.new):
        yield from _wrap(f"    {sign} {row.path}{note}", "", "      ")
        return
    value = f"{row.old} → {row.new}" if row.action is Action.CHANGED else row.old or row.new
    line = f"    {sign} {row.path}: {value}{note}"
    if len(line) <= WIDTH:
        yield line
        return
    yield from _wrap(f"    {sign} {row.path}:{note}", "", "      ")
    for mark, part in (("-", row.old), ("+", row.new)):
        if part:
            yield from _long([f"{mark} {part}"], "        ")


def _long(lines: list[str], indent: str) -> Iterator[str]:
    for line in cut_lines(lines[:LONGEST]):
        color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        yield from (typer.style(part, fg=color) for part in _chop(line, indent))
    if len(lines) > LONGEST:
        yield f"{indent}… {count_of(len(lines) - LONGEST, 'more line')}, in --output html"


def _chop(line: str, indent: str) -> Iterator[str]:
    """Return a line in parts that fit the width; spaces inside are kept."""
    room = WIDTH - len(indent)
    yield indent + line[:room]
    for at in range(room, len(line), room - 4):
        yield f"{indent}    {line[at : at + room - 4]}"


def _wrap(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False, drop_whitespace=True
    ) or [""]


def _snapshot_name(name: str) -> str:
    """Return a snapshot's name; of a long path only the end."""
    room = WIDTH // 2 - 2
    return name if len(name) <= room else "…" + name[1 - room :]


def _crop_row(text: str, width: int) -> str:
    """Return a subject and what happens to it, cut; the subject first (in its middle), so that the reason is read."""
    subject, gap, message = text.partition("  ")
    if len(text) <= width or not gap:
        return _crop(text, width)
    room = max(width // 3, width - len(gap) - len(message))
    if len(subject) > room:
        subject = subject.partition(" ")[2] or subject  # without its kind
    if len(subject) > room:
        subject = f"{subject[: room * 2 // 3 - 1]}…{subject[-(room // 3) :]}"
    return _crop(f"{subject}{gap}{message}", width)


def _crop(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
