"""The summary of a diff: what changed, the worst risk, the downtime; short enough for one screen."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bedplate.core.sizes import count_of, human
from bedplate.diff.compare.value_text import printable
from bedplate.diff.effects.effect_finding import DiffFinding, DiffReport, Effects, ImageChange, QuotaChange, Risk
from bedplate.kube.change import Action
from bedplate.kube.object_id import ObjectId

SCREEN = 24
"""Lines of the smallest terminal in use."""
HEAD = 4
"""Lines before the blocks: the snapshots, the counts, the risks, the downtime. Notes follow, one a line."""
NOTES = 3
"""Notes that are shown; JSON has all."""
LONGEST = 180
"""Characters of a finding's message; the details below show all of it."""
MORE = " and 1000 more"
NAMED = 3
"""Subjects that are named before the rest is counted."""
RIGHTS = 12
"""Lines of rights under one finding; JSON has all."""
RESOURCES = 8
"""Resources that are named in one line of rights."""
STDIN, STDIN_TEXT = "-", "standard input"
DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")
"""As much of a digest as people compare; the details show all of it."""
IMAGES = "Images"
REMOVED, NEW = "removed", "new"


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One line of a summary."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class SummaryBlock:
    """Lines of one topic; ``more`` counts those that did not fit."""

    title: str
    lines: tuple[SummaryLine, ...]
    risk: Risk = Risk.NONE
    more: int = 0


@dataclass(frozen=True, slots=True)
class DiffSummary:
    """What a reader must know first.

    Attributes:
        old: the name of the snapshot before.
        new: the name of the snapshot after.
        counts: how many objects and hosts changed, in words.
        worst: the highest risk.
        risks: the number of findings of each risk above none, the worst first.
        downtime: what stops meanwhile, in words.
        blocks: all lines, the most urgent block first.
        notes: how the snapshots were compared.
    """

    old: str
    new: str
    counts: str
    worst: Risk
    risks: tuple[tuple[Risk, int], ...]
    downtime: str
    blocks: tuple[SummaryBlock, ...]
    notes: tuple[str, ...] = ()

    @property
    def lacks_images(self) -> bool:
        """Return whether an image is left out, so that the details must list all of them."""
        return any(block.title == IMAGES and block.more for block in self.fitting())

    def fitting(self, height: int = SCREEN) -> tuple[SummaryBlock, ...]:
        """Return the blocks, cut so that the whole summary has at most this many lines."""
        shown = [1] * len(self.blocks)
        room = height - HEAD - len(self.notes) - sum(min(len(block.lines), 2) for block in self.blocks)
        growing = True
        while growing:
            growing = False
            for at, block in enumerate(self.blocks):
                missing = len(block.lines) - shown[at]
                price = int(missing > 1)  # the last line replaces "and 1 more"
                if missing and price <= room:
                    shown[at] += 1
                    room -= price
                    growing = True
        return tuple(_cut(block, count) for block, count in zip(self.blocks, shown, strict=True))


def object_title(identity: ObjectId) -> str:
    """Return an object's name as people write it: ``Deployment monitoring/prometheus``."""
    return printable(f"{identity.kind} {'/'.join(part for part in (identity.namespace, identity.name) if part)}")


def subject_text(finding: DiffFinding) -> str:
    """Return the subject of a finding as people write it."""
    return object_title(finding.subject) if isinstance(finding.subject, ObjectId) else printable(finding.subject)


def message_text(finding: DiffFinding) -> str:
    """Return the message of a finding on one line."""
    return printable(finding.message)


def summarize(report: DiffReport) -> DiffSummary:
    """Return the summary of a report."""
    effects = report.effects
    counted = Counter(finding.risk for finding in effects.findings if finding.risk)
    blocks = (
        SummaryBlock("Nodes", tuple(_nodes(effects)), Risk.DISRUPTION),
        *(
            SummaryBlock(f"{risk}".capitalize(), tuple(_findings(effects, risk)), risk)
            for risk in (Risk.SECURITY, Risk.DATA)
        ),
        SummaryBlock("Quotas", tuple(_amount(amount) for amount in effects.quotas)),
        SummaryBlock("Disruption", tuple(_findings(effects, Risk.DISRUPTION)), Risk.DISRUPTION),
        SummaryBlock(IMAGES, tuple(_image(image) for image in effects.images)),
        SummaryBlock("Restart", tuple(_findings(effects, Risk.RESTART)), Risk.RESTART),
    )
    return DiffSummary(
        old=snapshot_name(report.old),
        new=snapshot_name(report.new),
        counts=_counts(report),
        worst=effects.worst,
        risks=tuple(sorted(counted.items(), reverse=True)),
        downtime=_downtime(effects),
        blocks=tuple(block for block in blocks if block.lines),
        notes=tuple(printable(note) for note in report.notes[:NOTES]),
    )


def snapshot_name(name: str) -> str:
    """Return a snapshot's name as people write it."""
    return STDIN_TEXT if name == STDIN else printable(name)


def message_parts(finding: DiffFinding) -> tuple[str, tuple[str, ...]]:
    """Return a message, and the list of rights in it, of which each line names only the first few."""
    text = message_text(finding)
    head, colon, rest = text.partition(": ")
    if not (finding.rule.startswith("rbac-") and colon):
        return text, ()
    rights = [_few(part) for part in rest.split("; ")]
    if len(rights) == 1 and len(text) <= LONGEST:
        return text, ()
    more = [f"and {len(rights) - RIGHTS} more"] if len(rights) > RIGHTS else []
    return f"{head}:", (*rights[:RIGHTS], *more)


def _few(right: str) -> str:
    """Return a right with the first of its resources."""
    names = right.split(", ")
    return right if len(names) <= RESOURCES else f"{', '.join(names[:RESOURCES])} and {len(names) - RESOURCES} more"


def image_text(image: ImageChange) -> str:
    """Return how an image changes: ``v1 → v2, 12 MB to carry, 9 MB to pull``."""
    old, new = (DIGEST.sub(r"\1", printable(tag)) for tag in (image.old, image.new))
    parts = [f"{old} → {new}" if old and new else f"{NEW}: {new}" if new else f"{REMOVED}: {old}"]
    if image.carry is not None:
        parts.append(f"{human(image.carry)} to carry")
    if image.pull is not None:
        parts.append(f"{human(image.pull)} to pull")
    return ", ".join(parts)


def risk_text(risk: Risk) -> str:
    """Return a risk in words, as it stands in front of a finding."""
    return str(risk) if risk else "no risk"


def _cut(block: SummaryBlock, count: int) -> SummaryBlock:
    left = len(block.lines) - count
    return block if left == 0 else replace(block, lines=block.lines[:count], more=left)


def _counts(report: DiffReport) -> str:
    kinds = (("object", report.changes.objects), ("host", report.changes.hosts))
    parts = []
    for noun, changes in kinds:
        counted = Counter(change.action for change in changes)
        if counted:
            actions = ", ".join(f"{counted[action]} {action}" for action in Action if counted[action])
            parts.append(f"{count_of(sum(counted.values()), noun)} ({actions})")
    return "; ".join(parts) or "no change"


def _downtime(effects: Effects) -> str:
    parts = []
    if drains := set(effects.drains) | set(effects.reboots):
        parts.append(f"{count_of(len(drains), 'node')} drained")
    if effects.reboots:
        parts.append(f"{count_of(len(effects.reboots), 'node')} rebooted")
    if effects.restarts:
        owners = "1 workload's" if len(effects.restarts) == 1 else f"{len(effects.restarts)} workloads'"
        parts.append(f"{owners} pods re-created")
    return ", ".join(parts) or "none"


def _nodes(effects: Effects) -> Iterable[SummaryLine]:
    for verb, nodes in (("reboot", effects.reboots), ("drain", effects.drains)):
        names_of: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for node, reasons in sorted(nodes.items()):
            names_of[reasons].append(printable(node))
        for reasons, names in names_of.items():
            yield SummaryLine(
                _names(names), f"{verb if len(names) > 1 else f'{verb}s'}: {printable('; '.join(reasons))}"
            )


def _findings(effects: Effects, risk: Risk) -> Iterable[SummaryLine]:
    subjects_of: Mapping[tuple[str, str], list[str]] = defaultdict(list)
    for finding in effects.findings:
        if finding.risk is risk:
            subjects_of[(finding.rule, finding.message)].append(subject_text(finding))
    for (_, message), names in subjects_of.items():
        yield SummaryLine(_names(sorted(names)), _cropped(printable(message)))


def _cropped(text: str) -> str:
    """Return a message that fits: a list is cut between two of its items, and the rest is counted."""
    if len(text) <= LONGEST:
        return text
    parts = re.split(r"(; |, )", text)
    fits = next((at for at in range(len(parts), 0, -2) if len("".join(parts[:at])) <= LONGEST - len(MORE)), 0)
    more = (len(parts) - fits + 1) // 2
    return f"{''.join(parts[:fits])} and {more} more" if fits else f"{text[: LONGEST - 1]}…"


def _names(names: list[str]) -> str:
    if len(names) <= NAMED:
        return ", ".join(names)
    return f"{', '.join(names[: NAMED - 1])} and {len(names) - NAMED + 1} more"


def _amount(amount: QuotaChange) -> SummaryLine:
    return SummaryLine(
        printable(amount.subject), printable(f"{amount.resource} {amount.old or 'none'} → {amount.new or 'none'}")
    )


def _image(image: ImageChange) -> SummaryLine:
    return SummaryLine(printable(image.name), image_text(image))
