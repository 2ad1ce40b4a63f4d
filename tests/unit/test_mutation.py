"""Mutation testing changes what runs, and nothing else."""

from pathlib import Path

import pytest

from factories import ROOT
from mutation.areas import areas, equivalents
from mutation.covering_tests import IMPORT, Coverage, statement_lines
from mutation.judge import TIMED_OUT, Judge
from mutation.mutant import Mutant
from mutation.python_mutants import mutants
from mutation.trial import Trial, try_mutant
from mutation.yaml_mutants import condition_mutants, template_mutants

FILE = Path("one.py")


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("x = a == b", {"x = a != b"}),
        ("x = a and b", {"x = a or b"}),
        ("x = not a", {"x = a"}),
        ("x = a + 'é' + b", {"x = a - 'é' + b", "x = a + 'é' - b"}),
        ("if a:\n    b()", {"if (not (a)):\n    b()", "if a:\n    pass"}),
        ("def f() -> int:\n    return g(1)", {"def f() -> int:\n    return 0", "def f() -> int:\n    return g(2)"}),
        ("def f() -> bool:\n    return a", {"def f() -> bool:\n    return True", "def f() -> bool:\n    return False"}),
        ("def f() -> A:\n    return a", {"def f() -> A:\n    return None"}),
        ("f(x=True)", {"f(x=False)", "f()", "pass"}),
        ("y = f(a, x=b, z=c)", {"y = f(a, z=c)", "y = f(a, x=b, )"}),
        ("x = [a, b]", {"x = [b]", "x = [a, ]"}),
        ("x = {a: b, c: d}", {"x = {c: d}", "x = {a: b, }"}),
        ("raise E(1)", {"pass"}),
        ('"""Text."""\nlog.info(x)', set()),
    ],
)
def test_code_is_changed_in_one_place(code: str, changed: set[str]) -> None:
    """Each mutant of Python code differs in one operator, value or statement."""
    assert {one.apply(code) for one in mutants(FILE, code)} == changed


def test_a_template_loses_a_line_with_its_block() -> None:
    """A mutant of a template lacks a line and what belongs to it."""
    text = "kind: Role\nrules:\n  - verbs:\n      - get\n    extra: 1\n{% if a %}\nlast: 1\n{% endif %}\n"
    changed = {one.apply(text) for one in template_mutants(FILE, text)}
    assert text.replace("      - get\n", "") in changed
    assert text.replace("last: 1\n", "") in changed
    assert text.replace("extra: 1", "extra: 2") in changed
    assert text.replace("last: 1", "last: 2") in changed
    assert len(changed) == 6


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("  verbs: [get, list]\n", {"", "  verbs: [get]\n", "  verbs: [list]\n"}),
        ("  a: {b: true, c: D}\n", {"", "  a: {b: false, c: D}\n", "  a: {b: true, c: other}\n"}),
        ('  a: "0"\n', {"", '  a: "1"\n'}),
        ("  message: Text\n", {""}),
        ("  name: one\n", set()),
        ('{% for a, b in [("c", d)] %}\n', {'{% for a, b in [("other", d)] %}\n'}),
    ],
)
def test_a_line_of_a_template_is_changed(line: str, changed: set[str]) -> None:
    """A mutant of a template lacks an element of a list, or has another value of the same type."""
    assert {one.apply(line) for one in template_mutants(FILE, line)} == changed


def test_a_condition_is_dropped_and_turned() -> None:
    """A task loses its condition, or gets the contrary one."""
    text = "- name: A\n  when: a is changed\n- name: B\n  when:\n    - b\n    - c\n  changed_when: false\n"
    assert {one.apply(text) for one in condition_mutants(FILE, text)} == {
        text.replace("  changed_when: false\n", ""),
        text.replace("  when: a is changed\n", ""),
        text.replace("a is changed", "not (a is changed)"),
        text.replace("  when:\n    - b\n    - c\n", ""),
    }


def test_every_area_has_sources_and_tests() -> None:
    """The patterns of an area find files that can be changed, and its tests exist."""
    for area in areas().values():
        assert area.mutants(ROOT), area.name
        assert all((ROOT / path).exists() for path in area.tests), area.name


def test_equivalent_mutants_exist() -> None:
    """Every mutant that is left out is one that would be made: its file still has the line."""
    for file, line, _ in equivalents():
        assert line in {text.strip() for text in (ROOT / file).read_text().splitlines()}, (file, line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [(1, (1, 1)), (2, (2, 3)), (3, (2, 3)), (4, (4, 4)), (5, (5, 7)), (7, (5, 7)), (8, (8, 8))],
)
def test_a_line_belongs_to_a_statement(line: int, expected: tuple[int, int]) -> None:
    """A line belongs to the innermost statement, or to what precedes the body of one that has a body."""
    text = "def f():\n    if (a and\n            b):\n        c = 1\n    d = {\n        1: 2,\n    }\nx = 1\n"
    assert statement_lines(text, line) == expected


@pytest.mark.parametrize(
    ("line", "unseen", "expected"),
    [
        (1, [], ["b::quick", "a::slow", "a::other"]),
        (2, [], ["a::slow"]),
        (3, [], ["a::other", "b::quick"]),
        (4, [], []),
        (4, ["b"], ["b::quick"]),
    ],
)
def test_a_mutant_meets_the_tests_that_run_its_line(line: int, unseen: list[str], expected: list[str]) -> None:
    """A changed line meets all tests that run it or use a fixture that does, in the order of their files' time."""
    lines = {"one.py:1": [IMPORT], "one.py:2": ["a::slow"], "one.py:3": ["server", "b::quick"]}
    seconds = {"a::slow": 3.0, "a::other": 0.5, "b::quick": 1.0}
    coverage = Coverage(seconds, {"a::slow": [], "a::other": ["server"], "b::quick": []}, lines)
    assert coverage.of(Mutant(FILE, 0, 0, "", line), "a\nb\nc\nd\n", unseen) == expected


CODE = "def add(a):\n    return a + 1\n\n\ndef wait(a):\n    while a < 3:\n        a = add(a)\n    return a\n"
TESTS = {
    "test_add.py": "from one import add\n\n\ndef test_add():\n    assert add(1) == 2\n",
    "test_wait.py": "from one import wait\n\n\ndef test_wait():\n    wait(1)\n\n\ndef test_other():\n    assert True\n",
}


def test_mutants_are_tried_in_a_copy_of_the_tree(tmp_path: Path) -> None:
    """One that a test notices is killed, one that no test notices survives, and one that never ends is killed, too."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for name, text in {**TESTS, "one.py": CODE}.items():
        (copy / name).write_text(text)
    judge = Judge(copy)
    code, coverage = judge.learn([*TESTS], ["one.py"], 60)
    assert code == 0
    assert [*coverage.seconds] == ["test_add.py::test_add", "test_wait.py::test_wait", "test_wait.py::test_other"]
    path = Path("one.py")
    found = {(one.line, one.new): one for one in mutants(path, CODE)}
    chosen = {(2, "2"): "killed", (6, "4"): "survives", (7, "pass"): "never ends"}
    found[7, "pass"] = Mutant(path, CODE.index("a = add(a)"), CODE.index("a = add(a)") + len("a = add(a)"), "pass", 7)
    outcomes = {}
    for key in chosen:
        only = coverage.of(found[key], CODE)
        assert "test_wait.py::test_other" not in only
        outcome = try_mutant(judge, copy, found[key], Trial([*TESTS], 5 if key[0] == 7 else 60, only))
        outcomes[key] = {0: "survives", 1: "killed", TIMED_OUT: "never ends"}[outcome]
    judge.end()
    assert outcomes == chosen
    assert (copy / "one.py").read_text() == CODE
