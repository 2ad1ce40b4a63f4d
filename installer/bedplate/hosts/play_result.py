"""Results of an Ansible run, collected from its events: changed tasks, their differences, failures."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

FAILURES = ("runner_on_failed", "runner_item_on_failed")
TAIL_LINES = 20

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TaskChange:
    """What one task changed, or would change, on one host.

    Attributes:
        host: name.
        task: role and task.
        text: the change as a unified diff, if the run was a check and the module can tell; never for secrets.
    """

    host: str
    task: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """A task that failed on one host.

    Attributes:
        host: name; empty if Ansible itself failed.
        text: the task and the last lines of its message.
    """

    host: str
    text: str

    def __str__(self) -> str:
        """Return host and text for people."""
        return f"{self.host}: {self.text}" if self.host else self.text


@dataclass(slots=True)
class PlayResult:
    """What a run did.

    Attributes:
        changed: number of tasks that changed something, over all hosts.
        plays: number of plays that began; Ansible leaves the rest out if a play loses all of its hosts.
        failures: the tasks that failed; Ansible leaves their hosts out of the tasks that follow.
        unreachable: why a host did not answer, by its name; Ansible leaves it out of the tasks that follow.
        changes: the tasks that changed something.
    """

    changed: int = 0
    plays: int = 0
    failures: list[TaskFailure] = field(default_factory=list)
    unreachable: dict[str, str] = field(default_factory=dict)
    changes: list[TaskChange] = field(default_factory=list)


def event_handler(
    result: PlayResult, write: Callable[[str], Any], report_task: Callable[[str], None]
) -> Callable[[Event], bool]:
    """Return the function that handles Ansible's events.

    Args:
        result: is filled in.
        write: gets Ansible's output, for the log.
        report_task: gets the title of each task that starts.
    """

    def handle(event: Event) -> bool:
        kind, data = event.get("event", ""), event.get("event_data", {})
        if event.get("stdout"):
            write(event["stdout"] + "\n")
        if kind == "playbook_on_task_start":
            report_task(_title(data))
        elif kind == "playbook_on_play_start":
            result.plays += 1
        elif kind == "playbook_on_stats":
            result.changed += sum(data.get("changed", {}).values())
        elif kind == "runner_on_unreachable":
            result.unreachable[data["host"]] = f"{_title(data)}: {_message(data.get('res', {}))}"
        elif kind == "runner_on_ok" and data.get("res", {}).get("changed"):
            result.changes.append(TaskChange(data["host"], _title(data), _difference(data["res"])))
        elif kind in FAILURES and not data.get("ignore_errors"):
            result.failures.append(TaskFailure(data["host"], f"{_title(data)}: {_message(data.get('res', {}))}"))
        return False

    return handle


def _title(data: Event) -> str:
    role, task = data.get("role", ""), data.get("task", "")
    return f"{role}: {task}" if role else str(task)


def _difference(task: dict[str, Any]) -> str:
    """Return a task's result of ``--diff`` as a unified diff; a loop has one for each item.

    Format: https://docs.ansible.com/ansible/latest/dev_guide/developing_modules_documenting.html#diff
    """
    if "censored" in task:
        return ""
    if "results" in task:
        return "\n".join(text for item in task["results"] if item.get("changed") and (text := _difference(item)))
    diffs = task.get("diff") or []
    return "\n".join(text for diff in (diffs if isinstance(diffs, list) else [diffs]) if (text := _unified(diff)))


def _unified(diff: dict[str, Any]) -> str:
    if "prepared" in diff:
        return str(diff["prepared"]).strip()
    before, after = (_lines(diff.get(side)) for side in ("before", "after"))
    old, new = (str(diff.get(f"{side}_header", "")) for side in ("before", "after"))
    return "\n".join(difflib.unified_diff(before, after, old, new, n=1, lineterm=""))


def _lines(value: Any) -> list[str]:
    """Return the lines of one side of a diff: a text, or a mapping of properties."""
    if not value:
        return []
    return (value if isinstance(value, str) else yaml.safe_dump(value)).splitlines()


def _message(task: dict[str, Any]) -> str:
    if "censored" in task:
        return "the output is hidden because it contains secrets"
    parts = [str(task[key]) for key in ("msg", "stdout", "stderr", "module_stderr") if task.get(key)]
    return "\n".join("\n".join(parts).splitlines()[-TAIL_LINES:])
