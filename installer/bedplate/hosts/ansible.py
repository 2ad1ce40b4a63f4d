"""The only door to Ansible: one tag of roles/site.yml, on the hosts of some HostSpecs."""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_runner
import yaml

from bedplate.config.environments import Site
from bedplate.config.host_spec import HostSpec
from bedplate.config.hosts import Host
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from bedplate.core.files import write_atomic

SSH_OPTIONS = (
    "-o ControlMaster=auto -o ControlPersist=60s -o StrictHostKeyChecking=yes -o GlobalKnownHostsFile=/dev/null "
    "-o BatchMode=yes"
)
FAILURES = ("runner_on_failed", "runner_on_unreachable", "runner_item_on_failed")
TAIL_LINES = 20


@dataclass(frozen=True, slots=True)
class TaskChange:
    """What one task changed, or would change, on one host.

    Attributes:
        host: name.
        task: role and task.
        text: before and after as lines of a diff, where the module tells; empty for tasks that carry secrets.
    """

    host: str
    task: str
    text: str = ""


@dataclass(slots=True)
class PlayResult:
    """What a play did.

    Attributes:
        changed: tasks that changed something, over all hosts.
        failures: one text per task that failed: host, task and the last lines of its message.
        changes: what was changed: host and task.
        told: the same with what each task told of it; only a check asks the tasks for that.
    """

    changed: int = 0
    failures: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    told: list[TaskChange] = field(default_factory=list)


def play(  # noqa: PLR0913  each is one part of a run
    site: Site,
    tag: str,
    specs: Iterable[HostSpec],
    log: Path,
    *,
    check: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> PlayResult:
    """Run the plays of roles/site.yml that carry a tag; BedplateError says which tasks failed, and why.

    Args:
        site: says how hosts are reached.
        tag: mirror, hosts, control-plane or workers.
        specs: what each host is told.
        log: gets Ansible's whole output appended.
        check: only find out what would be changed.
        say: is told the task that begins.
    """
    result = PlayResult()
    with tempfile.TemporaryDirectory(prefix="bedplate-") as name, log.open("a", encoding="utf-8") as file:
        known_hosts = Path(name) / "known_hosts"
        write_atomic(known_hosts, site.known_hosts.read_bytes() if site.known_hosts.exists() else b"", mode=0o600)
        done = ansible_runner.run(
            private_data_dir=name,
            playbook=_plays(tag),
            inventory=inventory(site, specs, known_hosts),
            envvars=_variables(name),
            cmdline="--check --diff" if check else None,
            event_handler=_listener(result, file.write, say),
            quiet=True,
        )
        if done.status != "successful" and not result.failures:
            output = done.stdout.read().splitlines()[-TAIL_LINES:]
            result.failures.append("\n".join([f"ansible-playbook: {done.status}", *output]))
    if result.failures:
        raise BedplateError(f"hosts ({tag})", "failed:\n" + "\n".join(result.failures), f"read {log}")
    return result


def inventory(site: Site, specs: Iterable[HostSpec], known_hosts: Path) -> dict[str, Any]:
    """Return Ansible's inventory: every host with its inputs, in its groups."""
    hosts = {host.name: host for host in site.hosts}
    groups: dict[str, dict[str, Any]] = {}
    for spec in specs:
        variables = {**spec.vars, **_connection(site, hosts[spec.host], known_hosts)}
        for group in spec.groups:
            groups.setdefault(group, {"hosts": {}})["hosts"][spec.host] = variables
    return {"all": {"children": groups}}


def _plays(tag: str) -> list[dict[str, Any]]:
    """Return the plays with a tag: under --tags Ansible would check the arguments of all other plays, too."""
    plays = yaml.safe_load((paths.SOURCE / "roles" / "site.yml").read_bytes())
    return [play for play in plays if tag in play["tags"]]


def _connection(site: Site, host: Host, known_hosts: Path) -> dict[str, Any]:
    common = {"ansible_python_interpreter": "/usr/bin/python3"}
    if host == site.bastion and site.is_here:
        return {**common, "ansible_connection": "local"}
    return {
        **common,
        "ansible_host": str(host.address),
        "ansible_user": host.user,
        "ansible_port": host.port,
        "ansible_become": host.user != "root",
        "ansible_ssh_common_args": f"{SSH_OPTIONS} -o UserKnownHostsFile={known_hosts}",
    }


def _variables(folder: str) -> dict[str, str]:
    """Return the settings of Ansible: nothing from the user's own files, and our own environment's programs."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(paths.SOURCE / "roles" / "ansible.cfg"),
        "ANSIBLE_ROLES_PATH": str(paths.SOURCE / "roles"),
        "ANSIBLE_HOME": f"{folder}/home",
        "ANSIBLE_LOCAL_TEMP": f"{folder}/local",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{folder}/s",
    }


def _listener(
    result: PlayResult, write: Callable[[str], Any], say: Callable[[str], None]
) -> Callable[[dict[str, Any]], bool]:
    """Return what takes Ansible's events: to the log, to the user, and into the result."""

    def take(event: dict[str, Any]) -> bool:
        kind, data = event.get("event", ""), event.get("event_data", {})
        if event.get("stdout"):
            write(event["stdout"] + "\n")
        if kind == "playbook_on_task_start":
            say(_title(data))
        elif kind == "playbook_on_stats":
            result.changed = sum(data.get("changed", {}).values())
        elif kind == "runner_on_ok" and data.get("res", {}).get("changed"):
            result.changes.append(f"{data['host']}: {_title(data)}")
            result.told.append(TaskChange(data["host"], _title(data), _difference(data["res"])))
        elif kind in FAILURES and not data.get("ignore_errors"):
            result.failures.append(f"{data['host']}: {_title(data)}: {_message(data.get('res', {}))}")
        return False

    return take


def _title(data: dict[str, Any]) -> str:
    role, task = data.get("role", ""), data.get("task", "")
    return f"{role}: {task}" if role else str(task)


def _difference(res: dict[str, Any]) -> str:
    """Return what ``--diff`` told, as a unified diff; loops tell it for each item.

    Its form: https://docs.ansible.com/ansible/latest/dev_guide/developing_modules_documenting.html#diff
    """
    if "censored" in res:
        return ""
    if "results" in res:
        return "\n".join(text for item in res["results"] if item.get("changed") and (text := _difference(item)))
    found = res.get("diff") or []
    return "\n".join(text for one in (found if isinstance(found, list) else [found]) if (text := _unified(one)))


def _unified(one: dict[str, Any]) -> str:
    if "prepared" in one:
        return str(one["prepared"]).strip()
    before, after = (_lines(one.get(side)) for side in ("before", "after"))
    old, new = (str(one.get(f"{side}_header", "")) for side in ("before", "after"))
    return "\n".join(difflib.unified_diff(before, after, old, new, n=1, lineterm=""))


def _lines(value: Any) -> list[str]:
    """Return a side of a diff as lines: text, or a mapping of properties."""
    return (value if isinstance(value, str) else yaml.safe_dump(value) if value else "").splitlines()


def _message(res: dict[str, Any]) -> str:
    if "censored" in res:
        return "its output is hidden since it carries secrets"
    parts = [str(res[key]) for key in ("msg", "stdout", "stderr", "module_stderr") if res.get(key)]
    return "\n".join("\n".join(parts).splitlines()[-TAIL_LINES:])
