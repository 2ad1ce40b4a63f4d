"""Acceptance tests inside a test: pytest in pytest, which must not rewrite the assertions of the inner one."""

from __future__ import annotations

import sys

import pytest
from _pytest.assertion.rewrite import AssertionRewritingHook


def use_plain_assertions(patch: pytest.MonkeyPatch) -> None:
    """Import test files as `bedplate verify` does, where no outer pytest changes their assertions."""
    kept = [finder for finder in sys.meta_path if not isinstance(finder, AssertionRewritingHook)]
    patch.setattr(sys, "meta_path", kept)
