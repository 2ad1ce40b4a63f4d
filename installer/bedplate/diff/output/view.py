"""The view of a report: what every format shows, sorted and grouped; the formats only style it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bedplate.core.errors import SourceLocation
from bedplate.core.sizes import count_of
from bedplate.diff.compare.value_text import Row, printable, to_row, yaml_lines
from bedplate.diff.effects.effect_finding import DiffFinding, DiffReport, ImageChange, Risk
from bedplate.diff.output.summary import DiffSummary, object_title, summarize
from bedplate.kube import secret_values
from bedplate.kube.change import Action, Change, HostChange, ObjectChange
from bedplate.kube.object_id import ObjectId, is_cluster_scoped

HOSTS = "hosts"
FIRST = ("apiVersion", "kind", "metadata")
"""The first keys of an object, as people write it."""
DEFINITION = "CustomResourceDefinition"
CLUSTER = "cluster-wide"
UNWRITTEN = "no namespace written"
"""Heading of objects that are applied to a namespace which the person who applies them chooses."""


@dataclass(frozen=True)
class ViewItem:
    """An object or a host that differs.

    Attributes:
        title: as people write it: ``Deployment monitoring/prometheus``.
        was: its title before a rename; else empty.
        action: what happens to it.
        risk: the worst of its findings.
        findings: the effects, the worst first.
        change: the values that differ.
    """

    title: str
    was: str
    action: Action
    risk: Risk
    findings: tuple[DiffFinding, ...]
    change: ObjectChange | HostChange

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Return each changed value; none for an object or host that was added or removed."""
        changes = self.change.changes
        rest = [change for change in changes if not _is_documentation(self.change, change)]
        prose = len(changes) - len(rest)
        return (*map(to_row, rest), *([_documentation(prose)] if prose else []))

    @cached_property
    def whole(self) -> tuple[str, ...]:
        """Return an added or removed object or host as YAML, line by line."""
        if self.action not in (Action.ADDED, Action.REMOVED):
            return ()
        if isinstance(self.change, HostChange):
            host = self.change.new or self.change.old
            return tuple(yaml_lines(host.model_dump(mode="json", exclude={"digest"}))) if host else ()
        value = secret_values.redact(self.change.resource.object)
        order = [*(key for key in FIRST if key in value), *sorted(value.keys() - set(FIRST))]
        return tuple(line for key in order for line in yaml_lines({key: value[key]}))

    @property
    def location(self) -> SourceLocation | None:
        """Return where it is written."""
        return self.change.resource.location if isinstance(self.change, ObjectChange) else None


@dataclass(frozen=True, slots=True)
class ViewGroup:
    """Objects of one component, of one namespace (plain YAML), or the hosts."""

    name: str
    items: tuple[ViewItem, ...]

    @property
    def risk(self) -> Risk:
        """Return the worst risk in it."""
        return max(item.risk for item in self.items)


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report, sorted and grouped.

    Attributes:
        report: what differs, and the effects.
        summary: what fits on a screen.
        findings: those about something else than one changed object or host: tenants, the whole cluster.
        groups: the riskiest first.
    """

    report: DiffReport
    summary: DiffSummary
    findings: tuple[DiffFinding, ...]
    groups: tuple[ViewGroup, ...]

    @property
    def images(self) -> tuple[ImageChange, ...]:
        """Return the changed images, if the summary does not name all of them."""
        return self.report.effects.images if self.summary.lacks_images else ()

    @property
    def items(self) -> Iterator[ViewItem]:
        """Return every item, in order."""
        return (item for group in self.groups for item in group.items)


def arrange(report: DiffReport) -> ReportView:
    """Return the view of a report."""
    by_subject: dict[ObjectId | str, list[DiffFinding]] = defaultdict(list)
    for finding in sorted(report.effects.findings, key=_order):
        by_subject[finding.subject].append(finding)
    groups: dict[str, list[ViewItem]] = defaultdict(list)
    for change in report.changes.objects:
        findings = by_subject.pop(change.identity, [])
        if change.action is Action.RENAMED and change.old:
            findings += by_subject.pop(change.old.identity, [])
        groups[_group(change)].append(_object(change, findings))
    for host in report.changes.hosts:
        groups[HOSTS].append(_item(f"host {printable(host.host)}", "", host, by_subject.pop(host.host, [])))
    arranged = [ViewGroup(name, tuple(sorted(items, key=_item_order))) for name, items in groups.items()]
    return ReportView(
        report,
        summarize(report),
        tuple(sorted((finding for rest in by_subject.values() for finding in rest), key=_order)),
        tuple(sorted(arranged, key=lambda group: (-group.risk, group.name))),
    )


def _is_documentation(holder: ObjectChange | HostChange, change: Change) -> bool:
    """Return whether a change is one of a description in the schema of a custom kind, which no program reads."""
    is_definition = isinstance(holder, ObjectChange) and holder.identity.kind == DEFINITION
    return is_definition and change.path[-1:] == ("description",) and change.path[-2:-1] != ("properties",)


def _documentation(count: int) -> Row:
    return Row("documentation only", Action.CHANGED, note=f"{count_of(count, 'description')} in its schema")


def _object(change: ObjectChange, findings: list[DiffFinding]) -> ViewItem:
    was = object_title(change.old.identity) if change.action is Action.RENAMED and change.old else ""
    return _item(object_title(change.identity), was, change, findings)


def _item(name: str, was: str, change: ObjectChange | HostChange, findings: list[DiffFinding]) -> ViewItem:
    risk = max((finding.risk for finding in findings), default=Risk.NONE)
    return ViewItem(name, was, change.action, risk, tuple(sorted(findings, key=_order)), change)


def _group(change: ObjectChange) -> str:
    key = change.identity
    named = printable(change.resource.component or key.namespace)
    return named or (CLUSTER if is_cluster_scoped(key.group, key.kind) else UNWRITTEN)


def _item_order(item: ViewItem) -> tuple[int, str, str]:
    return (-item.risk, item.title, str(item.action))


def _order(finding: DiffFinding) -> tuple[int, str, str, str]:
    return (-finding.risk, str(finding.subject), finding.rule, finding.message)
