"""Results of an Ansible run, collected from its events."""

from __future__ import annotations

import pytest

from bedplate.hosts.play_result import PlayResult, event_handler
from factories.live_objects import Json

RESULTS: dict[str, tuple[Json, str]] = {
    "text": (
        {"diff": [{"before": "a\nb\n", "after": "a\nc\n", "before_header": "/etc/x", "after_header": "/etc/x"}]},
        "--- /etc/x\n+++ /etc/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c",
    ),
    "prepared": ({"diff": {"prepared": "- one\n+ two\n"}}, "- one\n+ two"),
    "mapping": ({"diff": {"before": {"mode": "0600"}, "after": {"mode": "0644"}}}, "-mode: '0600'\n+mode: '0644'"),
    "loop": (
        {"results": [{"changed": True, "diff": [{"prepared": "x"}]}, {"changed": False, "diff": [{"prepared": "y"}]}]},
        "x",
    ),
    "hidden": ({"censored": "hidden due to no_log", "diff": [{"prepared": "secret"}]}, ""),
    "silent": ({}, ""),
}


@pytest.mark.parametrize("name", RESULTS)
def test_the_difference_that_a_task_made(name: str) -> None:
    """Every form in which Ansible returns a difference becomes a unified diff; secrets are left out."""
    task, expected = RESULTS[name]
    result = PlayResult()
    handle = event_handler(result, lambda _: None, lambda _: None)
    handle({"event": "runner_on_ok", "event_data": {"host": "a", "task": "t", "res": {"changed": True, **task}}})
    (change,) = result.changes
    assert (change.host, change.task) == ("a", "t")
    assert change.text.endswith(expected)
    assert bool(change.text) == bool(expected)


def test_a_failed_task_is_named_with_its_message() -> None:
    """The message of a task that handles secrets is hidden; one whose errors are ignored has not failed."""
    result = PlayResult()
    handle = event_handler(result, lambda _: None, lambda _: None)
    for fields in (
        {"res": {"msg": "no such file"}},
        {"res": {"censored": "x", "msg": "token"}},
        {"ignore_errors": True},
    ):
        data = {"host": "a", "role": "base", "task": "t", **fields}
        handle({"event": "runner_on_failed", "event_data": data})
    assert [str(failure) for failure in result.failures] == [
        "a: base: t: no such file",
        "a: base: t: the output is hidden because it contains secrets",
    ]


def test_a_host_that_does_not_answer_is_no_failed_task() -> None:
    """It is named with the task and the reason; plays are counted, as Ansible leaves out those after a lost one."""
    result = PlayResult()
    handle = event_handler(result, lambda _: None, lambda _: None)
    handle({"event": "playbook_on_play_start", "event_data": {}})
    data = {"host": "a", "role": "base", "task": "t", "res": {"msg": "timed out", "unreachable": True}}
    handle({"event": "runner_on_unreachable", "event_data": data})
    assert (result.failures, result.unreachable, result.plays) == ([], {"a": "base: t: timed out"}, 1)
