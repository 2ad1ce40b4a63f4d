"""The conditions of the roles' tasks, evaluated by Ansible: each holds exactly where conditions.yaml says so."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ansible_runner
import pytest
import yaml

from bedplate.core import paths

ROLES = paths.SOURCE / "roles"
TABLE: dict[str, dict[bool, list[dict[str, Any]]]] = yaml.safe_load(
    (Path(__file__).parent / "conditions.yaml").read_text()
)
FIXED: dict[str, bool] = yaml.safe_load((Path(__file__).parent / "fixed_conditions.yaml").read_text())
WORDS = ("when", "changed_when", "failed_when", "until")
ANSWERS = {"runner_on_ok": True, "runner_on_skipped": False}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a task.

    Attributes:
        role: name of the role.
        texts: expressions that must all hold.
        values: the task's own variables.
    """

    role: str
    texts: list[str]
    values: dict[str, Any]


def _words() -> Iterator[tuple[str, str, Any, dict[str, Any]]]:
    """Yield name, role and value of each word that decides something, with its task."""
    for path in sorted(ROLES.glob("*/tasks/*.yml")):
        role = path.parent.parent.name
        for task in _flat(yaml.safe_load(path.read_text())):
            for word in task.keys() & set(WORDS):
                yield f"{role}/{path.stem}/{word}/{task['name']}", role, task[word], task


def _conditions() -> Iterator[tuple[str, Condition]]:
    for name, role, value, task in _words():
        if not isinstance(value, bool):
            texts = value if isinstance(value, list) else [value]
            yield name, Condition(role, [str(text) for text in texts], task.get("vars", {}))


def _flat(tasks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in tasks:
        yield task
        for part in ("block", "rescue", "always"):
            yield from _flat(task.get(part, []))


CONDITIONS = dict(_conditions())
CASES = [
    (f"{name} [{number}]", name, values, expected)
    for name, rows in TABLE.items()
    for expected, listed in rows.items()
    for number, values in enumerate(listed, start=100 * expected)
]


def _play(role: str) -> dict[str, Any]:
    """Return a play with one task for each case of a role, which runs or is skipped as the role's own task would be."""
    files = [str(path) for part in ("defaults", "vars") if (path := ROLES / role / part / "main.yml").exists()]
    cases = [case for case in CASES if case[1] in CONDITIONS and CONDITIONS[case[1]].role == role]
    tasks = [
        {
            "name": title,
            "ansible.builtin.debug": {"msg": "runs"},
            "vars": {**CONDITIONS[name].values, **values},
            "when": [text.replace("ansible_check_mode", "check_mode") for text in CONDITIONS[name].texts],
        }
        for title, name, values, _ in cases
    ]
    return {"name": role, "hosts": "all", "gather_facts": False, "vars_files": files, "tasks": tasks}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    """Return for each case whether Ansible ran its task."""
    found: dict[str, bool] = {}

    def keep(event: dict[str, Any]) -> bool:
        if event["event"] in ANSWERS:
            found[event["event_data"]["task"]] = ANSWERS[event["event"]]
        return False

    folder = tmp_path_factory.mktemp("conditions")
    done = ansible_runner.run(
        private_data_dir=str(folder),
        playbook=[_play(role) for role in sorted({condition.role for condition in CONDITIONS.values()})],
        inventory={"all": {"hosts": {"here": {"ansible_connection": "local"}}}},
        envvars={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"},
        event_handler=keep,
        quiet=True,
    )
    assert done.status == "successful", done.stdout.read()
    return found


@pytest.mark.parametrize(("title", "name", "values", "expected"), CASES, ids=[case[0] for case in CASES])
def test_a_task_runs_only_where_it_should(
    answers: dict[str, bool], title: str, name: str, values: dict[str, Any], *, expected: bool
) -> None:
    """With the values of a row, the condition holds or does not; a condition that was dropped is missing here."""
    assert name in CONDITIONS
    assert answers[title] is expected, values


def test_every_condition_is_in_the_table() -> None:
    """Each condition of each role has a row with which it holds, and one with which it does not."""
    complete = {name for name, rows in TABLE.items() if rows.get(True) and rows.get(False)}
    assert sorted(CONDITIONS.keys() - complete) == []


def test_what_is_always_so_is_said() -> None:
    """Tasks that never report a change, always report one, or may fail, say so."""
    said = {name: value for name, _, value, _ in _words()}
    assert {name: said.get(name) for name in FIXED} == FIXED
