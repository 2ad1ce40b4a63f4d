"""The formats of a diff: all show the same, no value breaks their layout, none exceeds its limits."""

from __future__ import annotations

import html.parser
import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedplate.diff.compare.value_text import Row, printable, scalar, to_row, unified
from bedplate.diff.effects.effect_finding import DiffReport, Effects, Risk
from bedplate.diff.output import Format, markdown, plain_text, show
from bedplate.diff.output.markdown_escape import LONGEST, code, fenced, prose
from bedplate.diff.output.summary import SCREEN
from bedplate.diff.output.view import arrange
from bedplate.kube.change import Action, Change, Changes
from factories import ROOT
from factories.diff_reports import NASTY, changed, large, small

NOTHING = DiffReport("a", "b", Changes(), Effects())
SCHEMA = ROOT / "docs/reference/diff.schema.json"
REPORTS = {"nothing": NOTHING, "small": small(), "nasty": large(40)}
LARGE = {**REPORTS, "large": large(3000)}


@pytest.mark.parametrize(("value", "expected"), [
    ("v1.2", "v1.2"), ("1", '"1"'), (1, "1"), (True, "true"), ("true", '"true"'), (None, "null"), ("", '""'),
    (" x", '" x"'), ("10s", "10s"), ("1e3", '"1e3"'), ("4.5.2-1", "4.5.2-1"), ("{}", '"{}"'), ({}, "{}"),
    ("a\x1b[31m", "a\\u001b[31m"), ("a\u202eb", "a\\u202eb"), ("é ✓", "é ✓"),
])  # fmt: skip
def test_scalar(value: object, expected: str) -> None:
    """Values of different types never look the same, and no value controls a terminal."""
    assert scalar(value) == expected


@pytest.mark.parametrize(("change", "expected"), [
    (Change(("a",), Action.CHANGED, 1, "1"), Row("a", Action.CHANGED, "1", '"1"')),
    (Change(("a", "b.c"), Action.ADDED, None, [1, {"x": "y, z"}]),
     Row('a."b.c"', Action.ADDED, "", '[1, {x: "y, z"}]')),
    (Change(("a",), Action.REMOVED, "x\n", None), Row("a", Action.REMOVED, lines=("- x",))),
    (Change((), Action.CHANGED, "a\nb\n", "a\nc\n"), Row("(whole)", Action.CHANGED, lines=("  a", "- b", "+ c"))),
    (Change(("a",), Action.CHANGED, "a\nb", "a\nb\n"),
     Row("a", Action.CHANGED, lines=("  a", "  b", "- (no newline at the end)"))),
    (Change(("a",), Action.CHANGED, "x" * 101, 1), Row("a", Action.CHANGED, lines=("- " + "x" * 101, "+ 1"))),
])  # fmt: skip
def test_row(change: Change, expected: Row) -> None:
    """A change is one line if it fits, else the lines that differ."""
    assert to_row(change) == expected


@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.sampled_from("abc"), max_size=30))
def test_unified_shows_every_changed_line(old: list[str], new: list[str]) -> None:
    """Every removed and added line is shown."""
    lines = list(unified(old, new))
    assert [line for line in lines if line[0] in "+-"] != [] or old == new
    shown = [line[2:] for line in lines if line[0] == "-"], [line[2:] for line in lines if line[0] == "+"]
    assert len(old) - len(shown[0]) == len(new) - len(shown[1])


def test_long_texts_are_compared_in_bounds() -> None:
    """Two texts of 20,000 lines with little in common take less than a minute."""
    old = [f"old {number}" for number in range(20_000)]
    lines = list(unified(["same", *old], ["same", *(line.upper() for line in old)]))
    assert len(lines) == 40_001


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("form", list(Format))
def test_same_report_same_bytes(form: Format, name: str) -> None:
    """Showing a report twice gives the same bytes."""
    report = REPORTS[name]
    assert show(arrange(report), form) == show(arrange(report), form)


@pytest.mark.parametrize("name", LARGE)
def test_summary_fits_a_screen(name: str) -> None:
    """However much changed, the summary has at most as many lines as a terminal, and no line is too wide."""
    arranged = arrange(LARGE[name])
    lines = [plain_text.STYLE.sub("", line) for line in plain_text.summary(arranged.summary)]
    assert len(lines) <= SCREEN
    assert all(len(line) <= plain_text.WIDTH and line.isprintable() for line in lines)


def test_summary_shows_what_matters() -> None:
    """The first screen shows the nodes that drain and why, quotas before and after, images, privileges, data."""
    lines = [plain_text.STYLE.sub("", line) for line in plain_text.summary(arrange(small()).summary)]
    screen = " ".join(line.strip() for line in lines)
    for expected in (
        "4 objects (1 added, 1 removed, 1 changed, 1 renamed); 1 host (1 changed)",
        "security (1 security, 1 data, 1 disruption, 1 restart)",
        "6 nodes drained, 1 node rebooted, 1 workload's pods re-created",
        "worker9  reboots: kernel 6.1.0-40 → 6.1.0-41",
        "worker1, worker2 and 3 more  drain: containerd 2.1.4 → 2.2.0",
        "tenant vision  requests.nvidia.com/gpu 4 → 12",
        "registry.example/web  1.0 → 1.1, 12 MB to carry, 3 MB to pull",
        "DaemonSet shop/agent  sees every process of its node",
        "StatefulSet shop/store  is deleted",
    ):
        assert expected in screen


@pytest.mark.parametrize("name", REPORTS)
def test_text_is_plain_and_fits(name: str) -> None:
    """Without a terminal there is no color, and no line is too wide."""
    shown = show(arrange(REPORTS[name]), Format.TEXT)
    assert all(len(line) <= plain_text.WIDTH and line.isprintable() for line in shown.split("\n"))


def test_colors_do_not_change_the_text() -> None:
    """Without its colors, the text is the same."""
    arranged = arrange(small())
    colored = show(arranged, Format.TEXT, color=True)
    assert "\x1b[" in colored
    assert "\n".join(line.rstrip() for line in plain_text.STYLE.sub("", colored).split("\n")) == show(
        arranged, Format.TEXT
    )


def test_the_riskiest_comes_first() -> None:
    """Groups and objects are sorted by their worst finding."""
    arranged = arrange(small())
    assert [group.name for group in arranged.groups] == ["agent", "web", "hosts", "shop"]
    assert [item.title for item in arranged.groups[1].items] == ["StatefulSet shop/store", "Deployment shop/web"]
    assert [finding.subject for finding in arranged.findings] == ["tenant vision"]


@pytest.mark.parametrize("name", LARGE)
def test_markdown_fits_and_closes_everything(name: str) -> None:
    """A comment is never longer than GitHub accepts, and every fence and fold in it is closed."""
    shown = show(arrange(LARGE[name]), Format.MARKDOWN)
    assert len(shown) <= markdown.LIMIT
    assert shown.startswith("<!-- bedplate diff -->\n")
    assert _is_balanced(shown)


def test_markdown_names_what_it_cuts() -> None:
    """The least risky objects are cut first, and the comment says how many, which, and how to see them."""
    shown = show(arrange(LARGE["large"]), Format.MARKDOWN)
    cut = re.search(r"\*\*Not shown here: (\d+) objects\*\*.*--output html --out diff.html", shown)
    assert cut
    kept = shown.count("<details><summary>🔴") + shown.count("<details><summary>🟣")
    assert kept + int(cut[1]) == 3000
    assert "<details><summary>⚪" not in shown


def test_one_huge_object_does_not_push_out_others() -> None:
    """An object longer than a third of a comment is named as cut, and the others stay."""
    huge = changed("huge", [Change(("a",), Action.CHANGED, "x\n" * 40_000, "y\n" * 40_000)])
    little = changed("little", [Change(("a",), Action.CHANGED, 1, 2)])
    shown = show(arrange(DiffReport("a", "b", Changes((huge, little)), Effects())), Format.MARKDOWN)
    assert "- a: 1\n+ a: 2" in shown
    assert "Not shown here: 1 object**" in shown
    assert "huge" in shown


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_nothing_breaks_out_of_markdown(value: str) -> None:
    """No text ends a fence, a table's cell, a line of prose or a piece of code."""
    block = fenced([value], "diff")
    fence = re.match(r"`+", block)
    assert fence
    assert all(fence[0] not in line for line in block.split("\n")[1:-1])
    for inline in (prose(printable(value)), code(printable(value))):
        assert not set("\r\n|") & set(inline)
        assert len(inline) <= LONGEST + len("<code></code>")
    assert not set("<>`*") & set(prose(value))
    assert code(value).count("<") in (0, 2)


class _Page(html.parser.HTMLParser):
    """The tags that a browser would open, and what it would load."""

    VOID = frozenset({"meta", "input", "br", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loads += [str(value) for name, value in attrs if name in {"src", "href", "action", "style", "onclick"}]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ["nothing", "small", "nasty"])
def test_html_is_one_safe_page(name: str) -> None:
    """The page is well formed, loads nothing, and runs only its own script, even with hostile values."""
    shown = show(arrange(REPORTS[name]), Format.HTML)
    page = _Page()
    page.feed(shown)
    assert page.open == []
    assert page.loads == []
    assert shown.count("<script>") == 1
    assert "default-src &#39;none&#39;" in shown or "default-src 'none'" in shown
    assert not re.search(r"url\(|@import", shown.split("</style>")[0])
    assert page.tags.isdisjoint({"link", "img", "iframe", "object", "base"})


def _follows_schema(document: dict[str, Any]) -> None:
    import jsonschema  # noqa: PLC0415  takes seconds, which every one of pytest's processes would spend at its start

    jsonschema.validate(document, json.loads(SCHEMA.read_text()))


def test_json_has_everything() -> None:
    """The document follows its schema and contains each change with the steps of its path."""
    document = json.loads(show(arrange(small()), Format.JSON))
    _follows_schema(document)
    web = next(
        item for group in document["groups"] for item in group["items"] if item["title"] == "Deployment shop/web"
    )
    path = ["spec", "template", "spec", "containers", {"by": [["name", "web"]]}, "image"]
    assert web["changes"][0] == {
        "path": path,
        "shown": "spec.template.spec.containers[name=web].image",
        "action": "changed",
        "old": "registry.example/web:1.0",
        "new": "registry.example/web:1.1",
    }


@pytest.mark.parametrize("name", REPORTS)
def test_json_follows_its_schema(name: str) -> None:
    """Each report, even one with hostile values, follows the documented schema."""
    document = json.loads(show(arrange(REPORTS[name]), Format.JSON))
    document["groups"] = [{**group, "items": group["items"][:50]} for group in document["groups"]]
    _follows_schema(document)


def test_sarif_has_what_code_scanning_needs() -> None:
    """Each finding is a result with a rule, a level by its risk, and a location."""
    log = json.loads(show(arrange(small()), Format.SARIF))
    assert log["version"] == "2.1.0"
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    found = {result["ruleId"]: result for result in run["results"]}
    assert {name: result["level"] for name, result in found.items()} == {
        "privilege-gained": "error", "data-lost": "error", "capacity": "warning", "pods-restart": "note",
    }  # fmt: skip
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["region"]["startLine"] >= 1
        assert place["artifactLocation"]["uri"] in {"new.yaml", "bank"}


@pytest.mark.parametrize(("fail_on", "failures"), [(None, 0), (Risk.RESTART, 4), (Risk.DATA, 2), (Risk.SECURITY, 1)])
def test_junit_fails_by_risk(fail_on: Risk | None, failures: int) -> None:
    """Each object and host is a test case; those with a finding at or above the risk have failed."""
    root = ET.fromstring(show(arrange(small()), Format.JUNIT, fail_on=fail_on))  # noqa: S314  our own
    assert (root.get("tests"), root.get("failures")) == ("6", str(failures))
    assert len(root.findall("testsuite/testcase/failure")) == failures


def test_junit_of_nasty_values_is_xml() -> None:
    """Control characters and markup in values do not break the XML."""
    root = ET.fromstring(show(arrange(REPORTS["nasty"]), Format.JUNIT))  # noqa: S314  our own
    assert int(root.get("tests", "0")) == len(root.findall("testsuite/testcase")) > 40


def test_nasty_is_really_nasty() -> None:
    """The text that the tests use contains what it should."""
    assert all(part in NASTY for part in ("```", "|", "</details>", "<script>", "\n", "\x1b", "]]>", "{{"))


def _is_balanced(shown: str) -> bool:
    """Return whether folds and fences nest as GitHub reads them."""
    fence, depth = "", 0
    for line in shown.split("\n"):
        mark = re.match(r"`{3,}", line)
        if fence:
            fence = "" if mark and line.strip("`") == "" and len(line) >= len(fence) else fence
        elif mark:
            fence = mark[0]
        else:
            depth += line.count("<details>") - line.count("</details>")
            assert depth in (0, 1)
    return not fence and depth == 0
