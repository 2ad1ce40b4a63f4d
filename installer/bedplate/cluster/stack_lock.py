"""Pulumi's locks of stacks: a killed run's is removed, and a running one's is respected."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pulumi import automation

from bedplate.cluster import stack_state
from bedplate.cluster.stack_name import StackName
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError

PROGRAM = "pulumi"
ENDED = ("Z", "X")
Result = TypeVar("Result")


def unlocked(site: Site, stack: StackName, opened: automation.Stack, call: Callable[[], Result]) -> Result:
    """Run a command of Pulumi; if a killed run left its lock behind, remove the lock and run the command again.

    Args:
        site: the environment.
        stack: the stack.
        opened: the same stack, in the Automation API.
        call: the command.

    Raises:
        BedplateError: the process that has the lock still runs.
    """
    owners = _owners(site, stack)
    try:
        return call()
    except automation.ConcurrentUpdateError:
        for owner in owners or _owners(site, stack):
            if _may_run(owner):
                raise _is_running(stack, owner) from None
        opened.cancel()
        return call()


def _owners(site: Site, stack: StackName) -> list[dict[str, Any]]:
    """Return who has locks; a lock that a power failure cut has no owner any more, and is removed."""
    owners = []
    for path in (stack_state.backend(site) / "locks").glob(f"**/{stack.project}/{stack.in_pulumi(site)}/*.json"):
        try:
            owner = json.loads(path.read_bytes())
            owners.append({**owner, "pid": int(owner["pid"])})
        except (ValueError, TypeError, KeyError):
            path.unlink(missing_ok=True)
    return owners


def _may_run(owner: dict[str, Any]) -> bool:
    """Return whether a process that took a lock may still run; a process on another machine may."""
    if owner.get("hostname") != socket.gethostname():
        return True
    try:
        stat = Path(f"/proc/{owner['pid']}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    # proc(5): pid (program) state …; a process that was killed is a zombie until its parent knows.
    program, _, rest = stat.partition("(")[2].rpartition(")")
    return program == PROGRAM and rest.split()[0] not in ENDED


def _is_running(stack: StackName, owner: dict[str, Any]) -> BedplateError:
    who = f"process {owner.get('pid')} of {owner.get('username')} on {owner.get('hostname')}"
    fact = f"is being changed by another Pulumi ({who}, since {owner.get('timestamp')})"
    hint = f"wait until it ends; if it does not run any more: bedplate pulumi ENV {stack} -- cancel"
    return BedplateError(f"stack {stack}", fact, hint)
