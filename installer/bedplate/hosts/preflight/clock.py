"""Rules about the clock."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import Look, Rule

DRIFT = 0.5
LIMIT = 10.0
"""Seconds."""


def drift(look: Look) -> Iterator[str]:
    """Warn of a small difference."""
    if DRIFT < look.clock.skew <= LIMIT:
        yield _difference(look)


def far_off(look: Look) -> Iterator[str]:
    """Refuse a large one."""
    if look.clock.skew > LIMIT:
        yield _difference(look)


def _difference(look: Look) -> str:
    direction = "ahead of" if look.clock.offset > 0 else "behind"
    return f"is {abs(look.clock.offset):.1f} s {direction} the bastion (measured to {look.clock.uncertainty:.2f} s)"


RULES = (
    Rule(
        "clock-drifts",
        "soft",
        drift,
        "logs of several hosts cannot be put in order; chrony corrects it where hosts.kernel is managed",
        "nothing where hosts.kernel is managed; otherwise synchronise the clock",
    ),
    Rule(
        "clock-off",
        "hard",
        far_off,
        "new certificates are not yet valid there, and etcd and tokens expire wrongly",
        "set the clock (chronyc makestep), and check the hardware clock's battery",
    ),
)
