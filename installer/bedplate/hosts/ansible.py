"""Run Ansible: the plays of roles/site.yml with one tag, on the hosts of some HostSpecs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

import ansible_runner
import yaml

from bedplate.config.environments import Site
from bedplate.config.host_spec import HostSpec
from bedplate.config.hosts import Host
from bedplate.core import paths, proxies
from bedplate.core.errors import BedplateError
from bedplate.core.files import write_atomic
from bedplate.core.scratch_folder import scratch_folder
from bedplate.hosts import ssh
from bedplate.hosts.play_result import TAIL_LINES, PlayResult, TaskFailure, event_handler

SSH_OPTIONS = (
    "-o ControlMaster=auto -o ControlPersist=60s -o StrictHostKeyChecking=yes -o GlobalKnownHostsFile=/dev/null "
    f"-o BatchMode=yes -o ServerAliveInterval={ssh.ALIVE_SECONDS} -o ServerAliveCountMax={ssh.ALIVE_ATTEMPTS}"
)
TASK_SECONDS = 60 * 60
"""Limit of one task on one host; more than the longest takes, and less than a night."""
LIMIT_FILE = "limit"

Play = dict[str, Any]


def plays_tagged(tag: str, package_source: str) -> list[Play]:
    """Return the plays of roles/site.yml with a tag.

    Ansible's own --tags would still check the arguments of the roles in all other plays.

    Args:
        tag: the plays' tag.
        package_source: the role that the hosts' distribution names for packages.
    """
    plays = yaml.safe_load((paths.SOURCE / "roles" / "site.yml").read_bytes())
    chosen = {"package_source_role": package_source}
    return [{**play, "vars": {**play.get("vars", {}), **chosen}} for play in plays if tag in play["tags"]]


def run_plays(  # noqa: PLR0913  each is one part of a run
    site: Site,
    plays: list[Play],
    specs: Iterable[HostSpec],
    log: Path,
    *,
    hosts: Collection[str] | None = None,
    check: bool = False,
    report_task: Callable[[str], None] = lambda _: None,
) -> PlayResult:
    """Run plays on hosts.

    Args:
        site: how to connect to the hosts.
        plays: in order; see plays_tagged.
        specs: the variables and groups of each host.
        log: Ansible's whole output is appended here.
        hosts: names of the hosts to run on; by default all that the plays name and that are not in maintenance.
        check: change nothing, only return what would be changed.
        report_task: gets the title of each task that starts.

    Returns:
        What was changed, the tasks that failed and the hosts that did not answer: what the plays do is not complete
        on their hosts.
    """
    names = [host.name for host in site.hosts if not host.in_maintenance] if hosts is None else sorted(hosts)
    result = PlayResult()
    with scratch_folder() as folder, log.open("a", encoding="utf-8") as file:
        name, known_hosts = str(folder), folder / "known_hosts"
        write_atomic(known_hosts, site.known_hosts.read_bytes() if site.known_hosts.exists() else b"", mode=0o600)
        write_atomic(folder / LIMIT_FILE, "\n".join(names).encode())
        done = ansible_runner.run(
            private_data_dir=name,
            playbook=[{**play, "environment": proxies.UNSET} for play in plays],
            inventory=inventory(site, specs, known_hosts),
            envvars=_variables(name),
            limit=f"@{name}/{LIMIT_FILE}",
            cmdline="--check --diff" if check else None,
            event_handler=event_handler(result, file.write, report_task),
            quiet=True,
        )
        if done.status != "successful" and not result.failures and not result.unreachable:
            output = done.stdout.read().splitlines()[-TAIL_LINES:]
            result.failures.append(TaskFailure("", "\n".join([f"ansible-playbook: {done.status}", *output])))
    return result


def refuse_failures(failures: Iterable[TaskFailure], plays: list[Play], log: Path) -> None:
    """Raise BedplateError if tasks failed; it names them, and why.

    Args:
        failures: these tasks.
        plays: the plays that were run.
        log: the file with Ansible's whole output.
    """
    if texts := [str(failure) for failure in failures]:
        tags = ", ".join(dict.fromkeys(tag for play in plays for tag in play.get("tags", [])))
        raise BedplateError(f"hosts ({tags})", "failed:\n" + "\n".join(texts), f"read {log}")


def inventory(site: Site, specs: Iterable[HostSpec], known_hosts: Path) -> dict[str, Any]:
    """Return Ansible's inventory: every host with its variables, in its groups."""
    hosts = {host.name: host for host in site.hosts}
    groups: dict[str, dict[str, Any]] = {}
    for spec in specs:
        variables = {**spec.vars, **_connection(site, hosts[spec.host], known_hosts)}
        for group in spec.groups:
            groups.setdefault(group, {"hosts": {}})["hosts"][spec.host] = variables
    return {"all": {"children": groups}}


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
    """Return Ansible's settings: none from the user's files, and the programs of our own virtual environment."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(paths.SOURCE / "roles" / "ansible.cfg"),
        "ANSIBLE_ROLES_PATH": str(paths.SOURCE / "roles"),
        "ANSIBLE_HOME": f"{folder}/home",
        "ANSIBLE_LOCAL_TEMP": f"{folder}/local",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{folder}/s",
        "ANSIBLE_TASK_TIMEOUT": str(TASK_SECONDS),
    }
