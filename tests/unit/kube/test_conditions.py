"""Conditions of live objects."""

from typing import Any

import pytest

from bedplate.kube.conditions import condition_status, find_condition

READY = {"type": "Ready", "status": "False", "reason": "KubeletNotReady"}


@pytest.mark.parametrize(
    ("live", "status"),
    [
        ({"status": {"conditions": [{"type": "Other", "status": "True"}, READY]}}, "False"),
        ({"status": {"conditions": [{"type": "Other", "status": "True"}]}}, ""),
        ({"status": {"conditions": None}}, ""),
        ({"status": None}, ""),
        ({}, ""),
    ],
)
def test_a_condition_is_found_by_its_type(live: dict[str, Any], status: str) -> None:
    """An object that has no status yet has no condition."""
    assert condition_status(live, "Ready") == status
    assert find_condition(live, "Ready") == (READY if status else {})
