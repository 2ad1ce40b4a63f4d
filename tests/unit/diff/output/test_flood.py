"""The text of a diff never floods a terminal: long values are cut where they differ, and the verdict comes last."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.diff.diff_report import make_report
from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.diff.output import Format, show
from bedplate.diff.output.long_lines import ROOM, cut_lines
from bedplate.diff.output.plain_text import WIDTH
from bedplate.diff.output.summary import RIGHTS, message_parts
from bedplate.diff.output.view import arrange
from factories.diff_objects import Object, definition, snapshot_of

LONG = "x" * 2_000_000


def config(data: dict[str, Any], name: str = "c") -> Object:
    """Return a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "s"}, "data": data}


def shown(old: list[Object], new: list[Object], form: Format = Format.TEXT) -> list[str]:
    """Return the lines of a diff."""
    return show(arrange(make_report(snapshot_of(old, "old"), snapshot_of(new, "new"))), form).splitlines()


def test_one_long_line_is_cut_around_what_differs() -> None:
    """One character in two million is one short line, with the length of the whole."""
    middle = len(LONG) // 2
    lines = shown([config({"a": LONG})], [config({"a": f"{LONG[:middle]}Y{LONG[middle + 1 :]}"})])
    text = "".join(line.strip() for line in lines)
    assert len(lines) < 20
    assert "xxYxx" in text
    assert "(2000000 characters)" in text


@pytest.mark.parametrize(("lines", "expected"), [
    (["- a", "+ b"], ["- a", "+ b"]),
    (["  a", "- b  ", "+ b"], ["  a", "- b··", "+ b"]),
    (["@@ line 1 @@", "- a", "- b", "+ c"], ["@@ line 1 @@", "- a", "- b", "+ c"]),
    ([f"  {'a' * 300}"], [f"  {'a' * ROOM}… (300 characters)"]),
    ([f"+ {'a' * 300}b"], [f"+ {'a' * ROOM}… (301 characters)"]),
    ([f"- {'a' * 300}b", f"+ {'a' * 300}c"], [f"- …{'a' * (ROOM - 1)}b (301 characters)",
                                              f"+ …{'a' * (ROOM - 1)}c (301 characters)"]),
])  # fmt: skip
def test_lines_are_cut(lines: list[str], expected: list[str]) -> None:
    """Short lines stay; blanks at an end are visible if only they differ; both lines of a pair show what differs."""
    assert list(cut_lines(lines)) == expected


def test_descriptions_of_a_custom_kind_are_counted() -> None:
    """Documentation in a schema is one line in every format for people; a field named description is not."""
    fields = [
        {
            "a": {"type": "string", "description": f"text {side}"},
            "b": {"type": "string", "description": f"more {side}"},
            "description": {"type": "string", "maxLength": length},
        }
        for side, length in (("old", 2), ("new", 3))
    ]
    for form in (Format.TEXT, Format.MARKDOWN, Format.HTML):
        text = "\n".join(shown([definition(fields[0])], [definition(fields[1])], form))
        assert "documentation only" in text
        assert "2 descriptions" in text
        assert "maxLength" in text
        assert "text new" not in text


def test_the_end_is_the_verdict() -> None:
    """A report longer than a screen ends with its worst risk; one of thousands of objects stays readable."""
    lines = shown([config({"a": "1"})], [config({"a": "2"}), *(config({"a": str(n)}, f"c{n}") for n in range(2_000))])
    assert len(lines) < 2_000
    assert [line.split("  ")[0] for line in lines[-3:]] == ["Changed", "Worst risk", "Downtime"]
    assert any("more lines, in --output html" in line for line in lines[-6:])
    assert all(len(line) <= WIDTH for line in lines)


def test_rights_are_a_list() -> None:
    """Each kind of right is a line of its own, and what is too much is counted."""
    rights = [f"get r{n}.example.org" for n in range(20)]
    many = f"list {', '.join(f'x{n}' for n in range(30))}"
    finding = DiffFinding(
        "rbac-gained", Risk.SECURITY, "User a", f"gains rights in namespace n: {'; '.join([many, *rights])}"
    )
    head, parts = message_parts(finding)
    assert head == "gains rights in namespace n:"
    assert parts[0].endswith("x7 and 22 more")
    assert (len(parts), parts[-1]) == (RIGHTS + 1, "and 9 more")
    few = DiffFinding("rbac-gained", Risk.SECURITY, "User a", "gains rights in namespace n: get pods")
    assert message_parts(few) == ("gains rights in namespace n: get pods", ())


def workload(number: int, tag: int) -> Object:
    """Return a Deployment with a long name, whose container has a name of its own."""
    container = {"name": f"c{number}", "image": f"quay.io/a/b{number}:{tag}"}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container]}}
    name = f"{'long-name-' * 5}{number}"
    spec = {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "s"}, "spec": spec}


def test_a_crowded_summary_still_says_why() -> None:
    """If a line of the summary must be cut, the subject is cut first."""
    lines = shown([workload(n, 1) for n in range(30)], [workload(n, 2) for n in range(30)])[:24]
    (first,) = [line for line in lines if line.startswith("Restart")]
    assert first.endswith("re-creates its pods (image of c0 changed)")
    assert "…" in first
