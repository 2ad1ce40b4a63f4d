"""Drift of hosts, as Ansible tells it, and what counts as drift at all."""

from __future__ import annotations

import pytest

from bedplate.drift.drift_difference import Cause, Drift, HostDifference, ObjectDifference
from bedplate.hosts import ansible
from bedplate.kube.object_id import Identity
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
def test_what_a_task_tells(name: str) -> None:
    """Ansible's forms of a difference become lines; what carries secrets is left out."""
    result, expected = RESULTS[name]
    played = ansible.PlayResult()
    take = ansible._listener(played, lambda _: None, lambda _: None)
    take({"event": "runner_on_ok", "event_data": {"host": "a", "task": "t", "res": {"changed": True, **result}}})
    (told,) = played.told
    assert (told.host, told.task) == ("a", "t")
    assert told.text.endswith(expected)
    assert bool(told.text) == bool(expected)


def test_pending_alone_is_no_drift() -> None:
    """Only what somebody else did counts."""
    pending = HostDifference("a", Cause.PENDING, "t")
    assert not Drift("x", "1", hosts=(pending,)).is_drifted
    assert Drift("x", "1", hosts=(HostDifference("a", Cause.CHANGED, "t"),)).is_drifted
    key = Identity("", "Pod", "a", "b")
    assert not Drift("x", "1", objects=(ObjectDifference(key, Cause.PENDING),)).is_drifted
    assert Drift("x", "1", objects=(ObjectDifference(key, Cause.DELETED),)).is_drifted
