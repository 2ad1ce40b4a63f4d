"""The files that the Ansible roles write on a host, computed from the roles' own tasks and templates.

Supported is what our roles use: ``template`` and ``blockinfile`` tasks with literal paths, loops over a variable,
conditions on declared inputs. Tasks with ``no_log`` contain secrets and are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import yaml
from jinja2.nativetypes import NativeEnvironment

from bedplate.config.host_spec import HostFile
from bedplate.core.errors import BedplateError

LOOKUP = re.compile(r"lookup\('ansible\.builtin\.template', '([^']+)'\)")
IMPORTS = ("ansible.builtin.import_tasks", "ansible.builtin.include_tasks")
PACKAGE_SOURCE = "{{ package_source_role }}"
"""The place in roles/site.yml for the role that a distribution names."""
TEMPLATE, BLOCK = "ansible.builtin.template", "ansible.builtin.blockinfile"

Task = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Role:
    """A role with its variables on one host.

    Attributes:
        folder: roles/<role>/.
        values: its defaults, inputs and own variables, except those that only a run on the host can tell.
    """

    folder: Path
    values: dict[str, Any]

    @property
    def services(self) -> list[str]:
        """Return the systemd units that the role starts."""
        return list(self.values.get(f"{self.folder.name}_services", []))

    @property
    def settings(self) -> dict[str, str]:
        """Return the kernel settings that the role applies."""
        return dict(self.values.get(f"{self.folder.name}_settings", {}))

    def files(self) -> Iterator[HostFile]:
        """Yield the files that the role writes, with their content."""
        for task, conditions in _tasks(self.folder / "tasks" / "main.yml", []):
            if task.get("no_log") or not {TEMPLATE, BLOCK} & task.keys():
                continue
            if all(self._holds(condition) for condition in conditions):
                yield from self._written(task)

    def _written(self, task: Task) -> Iterator[HostFile]:
        for item in self._value(task["loop"]) if "loop" in task else [None]:
            values = {**self.values, "item": item}
            module = task.get(TEMPLATE) or task[BLOCK]
            path = str(_text_environment().from_string(module.get("dest") or module["path"]).render(values))
            source = module["src"] if TEMPLATE in task else _looked_up(module["block"])
            content = _text_environment(self.folder / "templates").get_template(source).render(values)
            part = "all" if TEMPLATE in task else "block"
            yield HostFile(path=path, mode=str(module["mode"]), content=content, part=part)

    def _holds(self, condition: str) -> bool:
        return bool(_native().compile_expression(condition, undefined_to_none=False)(**self.values))

    def _value(self, text: str) -> Any:
        return _native().from_string(text).render(self.values)


def roles_of_groups(roles: Path, groups: tuple[str, ...], package_source: str) -> list[str]:
    """Return the roles that roles/site.yml assigns to a host, in order.

    Args:
        roles: folder of the roles.
        groups: the host's groups.
        package_source: the role that the hosts' distribution names for packages.
    """
    names: list[str] = []
    for play in yaml.load((roles / "site.yml").read_bytes(), Loader=yaml.CSafeLoader):
        if {"all", *groups} & set(play["hosts"].split(":")):
            names += [package_source if name == PACKAGE_SOURCE else name for name in play["roles"]]
    return list(dict.fromkeys(names))


def load_role(folder: Path, inputs: dict[str, Any]) -> Role:
    """Return a role with its variables for one host's inputs."""
    own = _mapping(folder / "vars" / "main.yml")
    values = {**_mapping(folder / "defaults" / "main.yml"), **inputs, **own}
    for name, value in own.items():
        known = _known(value, values)
        if known is None:
            del values[name]
        else:
            values[name] = known
    return Role(folder, values)


def _known(value: Any, values: dict[str, Any]) -> Any:
    """Return the value of a role's variable; None if only a run on the host can tell it."""
    if isinstance(value, list):
        known = [_known(item, values) for item in value]
        return None if None in known else known
    if not (isinstance(value, str) and "{{" in value):
        return value
    try:
        return _native().from_string(value).render(values)
    except (jinja2.UndefinedError, jinja2.TemplateSyntaxError):
        return None


def _tasks(path: Path, conditions: list[Any]) -> Iterator[tuple[Task, list[Any]]]:
    yield from _flat(yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader), path.parent, conditions)


def _flat(tasks: list[Task], folder: Path, conditions: list[Any]) -> Iterator[tuple[Task, list[Any]]]:
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


def _looked_up(block: str) -> str:
    match = LOOKUP.search(block)
    if not match:
        raise BedplateError(
            "blockinfile task", f"has a block that is not a template: {block}", "use the template lookup"
        )
    return match[1]


def _mapping(path: Path) -> dict[str, Any]:
    return dict(yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) or {}) if path.exists() else {}


def _native() -> jinja2.Environment:
    return NativeEnvironment(undefined=jinja2.StrictUndefined)


def _text_environment(folder: Path | None = None) -> jinja2.Environment:
    """Return Jinja with the settings of Ansible's template module."""
    environment = jinja2.Environment(  # noqa: S701  the output is configuration, not HTML
        loader=jinja2.FileSystemLoader(folder) if folder else None,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["to_json"] = json.dumps
    return environment
