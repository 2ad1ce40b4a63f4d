"""Every planted change of the corpus is found with its effects, and nothing else is reported."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from bedplate.config.release import Release
from bedplate.diff.diff_report import make_report
from bedplate.diff.effects.effect_finding import DiffFinding, DiffReport
from bedplate.diff.input.read_snapshots import read_pair
from bedplate.kube.change import path_text
from bedplate.kube.secret_values import HIDDEN
from bedplate.kube.snapshot import Snapshot
from factories.diff_corpus import Case, cases, datacenter, identity

FEWEST = 150


def compared(case: Case, folder: Path) -> DiffReport:
    """Return the report of a case, read from files."""
    for name, state, text in zip(("old", "new"), (case.old, case.new), case.yaml(), strict=True):
        (folder / name).mkdir()
        (folder / name / "objects.yaml").write_text(text)
        (folder / name / "hosts.jsonl").write_text(state.hosts())
    old, new = read_pair(str(folder / "old"), str(folder / "new"))
    return make_report(_with(old, case, "old"), _with(new, case, "new"))


def _with(snapshot: Snapshot, case: Case, name: str) -> Snapshot:
    """Return a snapshot with the versions that files of objects do not contain."""
    more = case.spec.get("snapshots", {}).get(name, {})
    release = more.get("release")
    return dataclasses.replace(
        snapshot,
        kubernetes=str(more.get("kubernetes", "")),
        release=Release.model_validate(release) if release else None,
    )


def _changes(found: DiffReport) -> list[str]:
    lines = []
    for one in found.changes.objects:
        if one.changes and one.action != "renamed":
            lines += [f"{change.action} {one.identity} {path_text(change.path)}" for change in one.changes]
        else:
            lines += [f"{one.action} {one.identity}"]
            lines += [f"{change.action} {one.identity} {path_text(change.path)}" for change in one.changes]
    for host in found.changes.hosts:
        lines += [f"{change.action} {host.host} {path_text(change.path)}" for change in host.changes] or [
            f"{host.action} {host.host}"
        ]
    return sorted(lines)


def _wrong_values(case: Case, found: DiffReport) -> Iterator[str]:
    """Yield changes with another value than the edit's; values of Secrets must be hidden."""
    said = {(str(o.identity), path_text(c.path)): c.new for o in found.changes.objects for c in o.changes}
    for place, value in case.values.items():
        hidden = "/Secret/" in place[0] and place[1].startswith(("data", "stringData"))
        if place in said and said[place] != (HIDDEN if hidden else value):
            yield f"{place}: {said[place]}"


def _planted(case: Case) -> list[str]:
    if "changes" in case.spec:
        return sorted(case.spec["changes"])
    return sorted(" ".join(filter(None, plant)) for plant in case.planted)


def _expected(case: Case) -> Iterator[tuple[str, str, str]]:
    """Yield rule, subject and path of each expected finding."""
    for rule, wheres in case.spec.get("findings", {}).items():
        for where in wheres if isinstance(wheres, list) else [wheres]:
            if isinstance(where, str):
                where = {"at": where}  # noqa: PLW2901  the short form
            yield rule, _subject(case, where.get("of")), where["at"]


def _subject(case: Case, name: str | None) -> str:
    if name is None:
        assert len(case.subjects) == 1, f"{case.name}: a finding needs its subject"
        return min(case.subjects)
    known = {**datacenter(), **case.new.objects}
    return identity(known[name]) if name in known else name


def _missing_texts(case: Case, findings: tuple[DiffFinding, ...]) -> Iterator[str]:
    """Yield the expected parts of messages that are in no finding of their rule."""
    for rule, wheres in case.spec.get("findings", {}).items():
        for where in wheres if isinstance(wheres, list) else [wheres]:
            text = where.get("says", "") if isinstance(where, dict) else ""
            if not any(one.rule == rule and text in one.message for one in findings):
                yield f"{rule}: {text}"


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_planted_change_is_found_and_nothing_else(case: Case, tmp_path: Path) -> None:
    """The changes, findings, images and sums are exactly those of the case."""
    found = compared(case, tmp_path)
    assert _changes(found) == _planted(case)
    assert not list(_wrong_values(case, found))
    findings = [(one.rule, str(one.subject), path_text(one.path)) for one in found.effects.findings]
    assert sorted(findings) == sorted(_expected(case)), [one.message for one in found.effects.findings]
    assert not list(_missing_texts(case, found.effects.findings)), [one.message for one in found.effects.findings]
    images = [f"{one.name} {one.old} -> {one.new}" for one in found.effects.images]
    assert images == sorted(case.spec.get("images", []))
    quotas = [f"{one.subject} {one.resource} {one.old} -> {one.new}" for one in found.effects.quotas]
    assert sorted(quotas) == sorted(case.spec.get("quotas", []))
    assert len(found.notes) == len(case.spec.get("notes", []))
    assert all(part in note for part, note in zip(case.spec.get("notes", []), found.notes, strict=True))
    assert {name: list(why) for name, why in found.effects.drains.items()} == case.spec.get("drains", {})
    assert {name: list(why) for name, why in found.effects.reboots.items()} == case.spec.get("reboots", {})


def test_the_corpus_is_large_enough() -> None:
    """At least 150 changes are planted, and each case has a reason."""
    assert sum(bool(case.planted or case.spec.get("changes")) for case in cases()) >= FEWEST
    assert all(case.spec["why"] for case in cases())
    names = [case.name for case in cases()]
    assert len(names) == len({*names})
