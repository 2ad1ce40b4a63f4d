"""Acceptance runs inside a test, and their results."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest
from _pytest.assertion.rewrite import AssertionRewritingHook

from bedplate.acceptance.acceptance_result import AcceptanceCheck, AcceptanceRun


def use_plain_assertions(patch: pytest.MonkeyPatch) -> None:
    """Import test files as `bedplate verify` does, where no outer pytest changes their assertions."""
    kept = [finder for finder in sys.meta_path if not isinstance(finder, AssertionRewritingHook)]
    patch.setattr(sys, "meta_path", kept)


def run_of(*checks: AcceptanceCheck) -> AcceptanceRun:
    """Return a run with these checks."""
    return AcceptanceRun(
        release="2026.11.0", environment="lab", started=datetime(2026, 11, 22, 20, tzinfo=UTC), seconds=83,
        hosts={"cp1": "control_plane"}, checks=list(checks),
    )  # fmt: skip
