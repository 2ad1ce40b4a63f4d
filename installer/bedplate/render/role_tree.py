"""The Ansible roles of a tree, read once for all hosts: which hosts get which role, its variables and its tasks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
import yaml

from bedplate.core.file_endings import find_files
from bedplate.render import role_jinja
from bedplate.render.role_files import BLOCK, TEMPLATE, WRITERS, FileTask, Role, RoleSource, Task

IMPORTS = ("ansible.builtin.import_tasks", "ansible.builtin.include_tasks")
PARTS = ("tasks", "handlers", "defaults", "vars", "meta")
PACKAGE_SOURCE = "{{ package_source_role }}"
"""The place in roles/site.yml for the role that a distribution names."""


class RoleTree:
    """The roles in one folder, such as roles/. Its files are read once, so a tree serves one rendering."""

    def __init__(self, folder: Path) -> None:
        """Use the roles in a folder."""
        self._folder = folder
        self._sources: dict[str, RoleSource] = {}

    def roles_of_groups(self, groups: tuple[str, ...], package_source: str, tag: str = "") -> list[str]:
        """Return the roles that site.yml assigns to a host, in order.

        Args:
            groups: the host's groups.
            package_source: the role that the hosts' distribution names for packages.
            tag: only in plays with this tag; by default in all.
        """
        names: list[str] = []
        for hosts, roles, tags in self._plays:
            if {"all", *groups} & hosts and (not tag or tag in tags):
                names += [package_source if name == PACKAGE_SOURCE else name for name in roles]
        return list(dict.fromkeys(names))

    def role(self, name: str, inputs: dict[str, Any]) -> Role:
        """Return a role with its variables for one host's inputs."""
        if name not in self._sources:
            self._sources[name] = _read(self._folder / name)
        source = self._sources[name]
        values = {**source.defaults, **inputs, **source.variables}
        for variable, value in source.variables.items():
            known = _known(value, values)
            if known is None:
                del values[variable]
            else:
                values[variable] = known
        return Role(source, values)

    @cached_property
    def _plays(self) -> list[tuple[set[str], list[str], list[str]]]:
        """Return the hosts, the roles and the tags of each play."""
        plays = _parsed(self._folder / "site.yml")
        return [({*play["hosts"].split(":")}, play.get("roles", []), play.get("tags", [])) for play in plays]


def _read(folder: Path) -> RoleSource:
    for part in PARTS:
        find_files(folder, f"{part}/*", ".yml")
    tasks = [FileTask(task, tuple(conditions)) for task, conditions in _tasks(folder / "tasks" / "main.yml", [])]
    own = _mapping(folder / "vars" / "main.yml")
    return RoleSource(
        folder.name,
        defaults=_mapping(folder / "defaults" / "main.yml"),
        variables={name: value for name, value in own.items() if _compiles(value)},
        file_tasks=[one for one in tasks if {TEMPLATE, BLOCK} & one.task.keys() and not one.task.get("no_log")],
        path_tasks=[one for one in tasks if _leaves_a_path(one.task)],
        templates=role_jinja.text_environment(folder / "templates"),
    )


def _leaves_a_path(task: Task) -> bool:
    """Return whether a task writes a file, a folder or a link on the host itself."""
    word = next((word for word in WRITERS if word in task), "")
    return bool(word) and "delegate_to" not in task and task[word].get("state") != "absent"


def _is_text(value: Any) -> bool:
    """Return whether a variable is a text with expressions."""
    return isinstance(value, str) and "{{" in value


def _compiles(value: Any) -> bool:
    """Return whether a variable needs none of what only Ansible understands."""
    if isinstance(value, list):
        return all(map(_compiles, value))
    return not _is_text(value) or role_jinja.compiles(value)


def _known(value: Any, values: dict[str, Any]) -> Any:
    """Return the value of a role's variable; None if only a run on the host can tell it."""
    if isinstance(value, list):
        known = [_known(item, values) for item in value]
        return None if None in known else known
    if not _is_text(value):
        return value
    try:
        return role_jinja.native_value(value, values)
    except jinja2.UndefinedError:
        return None


def _tasks(path: Path, conditions: list[str]) -> Iterator[tuple[Task, list[str]]]:
    yield from _flat(_parsed(path), path.parent, conditions)


def _flat(tasks: list[Task], folder: Path, conditions: list[str]) -> Iterator[tuple[Task, list[str]]]:
    """Yield the tasks, also those in blocks and imported files, each with all its conditions."""
    for task in tasks:
        when = task.get("when", [])
        under = [*conditions, *(when if isinstance(when, list) else [when])]
        for part in ("block", "always", "rescue"):
            yield from _flat(task.get(part, []), folder, under)
        for word in IMPORTS:
            if word in task:
                yield from _tasks(folder / task[word], under)
        yield task, under


def _mapping(path: Path) -> dict[str, Any]:
    return dict(_parsed(path) or {}) if path.exists() else {}


def _parsed(path: Path) -> Any:
    return yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
