"""Debian versions are in the order that dpkg has."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bedplate.core.command import run
from bedplate.distributions.debian.debian_version import DebianVersion
from factories import need_program

VERSIONS = st.from_regex(r"(?:[0-9]:)?[0-9][0-9A-Za-z+.~]{0,6}(?:-[0-9a-z+.~]{1,4}|-0)?", fullmatch=True)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(VERSIONS, VERSIONS), min_size=30, max_size=30))
def test_versions_are_ordered_as_dpkg_orders_them(pairs: list[tuple[str, str]]) -> None:
    """Any two versions compare here as they do in dpkg."""
    need_program("dpkg")
    comparisons = [(a, operator, b) for a, b in pairs for operator in ("lt", "eq")]
    script = "".join(
        f"dpkg --compare-versions '{a}' {operator} '{b}' && echo 1 || echo 0\n" for a, operator, b in comparisons
    )
    answers = [answer == "1" for answer in run(["sh"], stdin=script.encode()).stdout.decode().split()]
    parsed = [(DebianVersion.parse(a), DebianVersion.parse(b)) for a, b in pairs]
    assert [answer for a, b in parsed for answer in (a < b, a == b)] == answers


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1.0~rc1", "1.0"), ("1.0", "1.0+b1"), ("1.9", "1.10"), ("2.0", "1:1.0"), ("1.0-1", "1.0-1+deb12u1"), ("1", "1a")],
)
def test_older_versions_come_first(older: str, newer: str) -> None:
    """Tildes, epochs and numbers as the policy says."""
    assert DebianVersion.parse(older) < DebianVersion.parse(newer)
