"""The files that the Ansible roles write on a host, computed from the roles' own tasks and templates.

Supported is what our roles use: ``template`` and ``blockinfile`` tasks with literal paths, loops over a variable,
conditions on declared inputs. Tasks with ``no_log`` contain secrets and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import jinja2

from bedplate.config.host_spec import HostFile
from bedplate.core.errors import BedplateError
from bedplate.render import role_jinja

LOOKUP = re.compile(r"lookup\('ansible\.builtin\.template', '([^']+)'\)")
TEMPLATE, BLOCK = "ansible.builtin.template", "ansible.builtin.blockinfile"
WRITERS = (TEMPLATE, BLOCK, "ansible.builtin.copy", "ansible.builtin.file")

Task = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FileTask:
    """A task that writes a file.

    Attributes:
        task: the task, as in the role's file.
        conditions: it runs where all of them hold.
    """

    task: Task
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoleSource:
    """A role as its files have it, the same for all hosts; never modify it.

    Attributes:
        name: the name of its folder.
        defaults: its default values.
        variables: its own variables, whose texts may have expressions; without those that only Ansible understands.
        file_tasks: its tasks that write files from templates without secrets.
        path_tasks: its tasks that write files or folders, or make links.
        templates: compiles the files in its folder templates/.
    """

    name: str
    defaults: dict[str, Any]
    variables: dict[str, Any]
    file_tasks: list[FileTask]
    path_tasks: list[FileTask]
    templates: jinja2.Environment


@dataclass(frozen=True, slots=True)
class Role:
    """A role with its variables on one host.

    Attributes:
        source: the role.
        values: its defaults, inputs and own variables, except those that only a run on the host can tell.
    """

    source: RoleSource
    values: dict[str, Any]

    @property
    def services(self) -> list[str]:
        """Return the systemd units that the role starts."""
        return list(self.values.get(f"{self.source.name}_services", []))

    @property
    def settings(self) -> dict[str, str]:
        """Return the kernel settings that the role applies."""
        return dict(self.values.get(f"{self.source.name}_settings", {}))

    def watched(self, what: str) -> list[str]:
        """Return what the role declares in `<role>_<what>`, such as routes, besides what its tasks show."""
        return list(self.values.get(f"{self.source.name}_{what}", []))

    def paths(self) -> Iterator[tuple[str, bool]]:
        """Yield the paths that the role writes, secrets included, and whether only a block of the file is its own.

        Paths and conditions that only a run on the host can tell are left out.
        """
        for one in self.source.path_tasks:
            with suppress(jinja2.TemplateError):
                if all(role_jinja.holds(condition, self.values) for condition in one.conditions):
                    yield from self._destinations(one.task)

    def _destinations(self, task: Task) -> Iterator[tuple[str, bool]]:
        word = next(word for word in WRITERS if word in task)
        text = task[word].get("dest") or task[word]["path"]
        loop = task.get("loop", [None])
        for item in loop if isinstance(loop, list) else role_jinja.native_value(loop, self.values):
            yield role_jinja.text_value(text, {**self.values, "item": item}), word == BLOCK

    def files(self) -> Iterator[HostFile]:
        """Yield the files that the role writes, with their content."""
        for one in self.source.file_tasks:
            if all(role_jinja.holds(condition, self.values) for condition in one.conditions):
                yield from self._written(one.task)

    def _written(self, task: Task) -> Iterator[HostFile]:
        for item in role_jinja.native_value(task["loop"], self.values) if "loop" in task else [None]:
            values = {**self.values, "item": item}
            module = task.get(TEMPLATE) or task[BLOCK]
            path = role_jinja.text_value(module.get("dest") or module["path"], values)
            name = module["src"] if TEMPLATE in task else _looked_up(module["block"])
            content = self.source.templates.get_template(name).render(values)
            part = "all" if TEMPLATE in task else "block"
            yield HostFile(path=path, mode=str(module["mode"]), content=content, part=part)


def _looked_up(block: str) -> str:
    match = LOOKUP.search(block)
    if not match:
        raise BedplateError(
            "blockinfile task", f"has a block that is not a template: {block}", "use the template lookup"
        )
    return match[1]
