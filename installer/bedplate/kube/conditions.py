"""Conditions in the status of a live object, such as Ready of a node and Complete of a Job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def find_condition(live: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return the condition of a type; empty if the object has none."""
    conditions = (live.get("status") or {}).get("conditions") or []
    return next((one for one in conditions if one["type"] == kind), {})


def condition_status(live: Mapping[str, Any], kind: str) -> str:
    """Return True, False or Unknown, as the condition of a type says; an empty text if the object has none."""
    return str(find_condition(live, kind).get("status", ""))


def is_ready(live: Mapping[str, Any]) -> bool:
    """Return whether a live object, such as a node or a pod, has the condition Ready."""
    return condition_status(live, "Ready") == "True"
