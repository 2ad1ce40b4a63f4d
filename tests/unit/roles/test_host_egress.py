"""The acceptance run's control packets: users who send to the same address do not make the run fail."""

from __future__ import annotations

import importlib.util
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from bedplate.core import paths
from bedplate.hosts.egress_audit import EgressCount, SentOutside

OWN, POD = "198.18.0.11", "198.18.128.7"


def _count(control: int, outside: int) -> EgressCount:
    senders = {OWN: SentOutside(outside, 1), POD: SentOutside(outside, 1)} if outside else {}
    return EgressCount(outside, control, 60, senders, ())


def _module(monkeypatch: pytest.MonkeyPatch, control: int, outside: int) -> ModuleType:
    """Return the acceptance tests, on a host that counts some packets while the run sends one."""
    spec = importlib.util.spec_from_file_location("host_egress", paths.SOURCE / "roles/test_host_egress.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    counts = iter([_count(7, 0), _count(7 + control, outside)])
    monkeypatch.setattr(module, "_count", lambda _: next(counts))
    monkeypatch.setattr(module, "output", lambda *_: f"2: eth0 inet {OWN}/24")
    return module


of_each_count = pytest.mark.parametrize(
    ("control", "outside", "passes"),
    [(1, 0, True), (500, 0, True), (0, 0, False), (1, 1, False), (0, 1, False)],
)
"""Packets counted as control and as outside, and whether the check passes."""


@of_each_count
def test_control_packets_of_a_host(
    control: int,
    outside: int,
    passes: bool,  # noqa: FBT001  a column of the table
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At least the run's own packet is counted as control, and none of the host as outside."""
    module = _module(monkeypatch, control, outside)
    installation = SimpleNamespace(specs=[SimpleNamespace(host="cp1", address=OWN)])
    assert _passes(module.test_what_leaves_is_counted, {"cp1": object()}, installation) is passes


@of_each_count
def test_control_packets_of_a_pod(
    control: int,
    outside: int,
    passes: bool,  # noqa: FBT001  a column of the table
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same holds for a packet from a pod."""
    module = _module(monkeypatch, control, outside)
    probe = SimpleNamespace(node="cp1", address=POD, python=lambda _: "")
    assert _passes(module.test_what_a_pod_sends_out_is_counted, {"cp1": object()}, probe) is passes


def _passes(check: Any, *arguments: object) -> bool:
    try:
        check(*arguments)
    except AssertionError:
        return False
    return True
