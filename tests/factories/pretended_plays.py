"""Ansible as the steps of an apply call it: the test says what plays do to hosts, and reads which hosts they ran on."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pytest

from bedplate.hosts import ansible
from bedplate.hosts.play_result import PlayResult, TaskFailure

Doing = Callable[[list[str]], PlayResult]


class PretendedPlays:
    """Stands for ansible.run_plays.

    Attributes:
        runs: the hosts of each run.
    """

    def __init__(self, patch: pytest.MonkeyPatch, *doings: Doing) -> None:
        """Take what each run does, in order; the last one is repeated."""
        self.runs: list[list[str]] = []
        self._doings = doings or (changed_nothing,)
        patch.setattr(ansible, "run_plays", self._run)

    def _run(self, _site: Any, plays: list[Any], *_: Any, hosts: Collection[str], **__: Any) -> PlayResult:
        self.runs.append([*hosts])
        result = self._doings[min(len(self.runs), len(self._doings)) - 1]([*hosts])
        result.plays = result.plays or len(plays)
        return result


def changed_nothing(_: list[str]) -> PlayResult:
    """Return the result of plays that found everything in place."""
    return PlayResult()


def lost(*names: str, plays: int = 0) -> Doing:
    """Return plays during which hosts stop answering.

    Args:
        names: these hosts.
        plays: how many plays began; all of them by default.
    """
    return lambda _: PlayResult(changed=1, plays=plays, unreachable=dict.fromkeys(names, "base: Wait: timed out"))


def failed(*names: str, plays: int = 0) -> Doing:
    """Return plays with a task that fails on hosts; see `lost`."""
    return lambda _: PlayResult(
        plays=plays, failures=[TaskFailure(name, "base: Wait: no space left") for name in names]
    )
