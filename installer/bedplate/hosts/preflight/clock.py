"""Rules about the clock."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import HostContext, HostRule

DRIFT = 0.5
LIMIT = 10.0
"""Seconds."""


def drift(look: HostContext) -> Iterator[str]:
    """Warn of a small difference."""
    if DRIFT < look.clock.skew <= LIMIT:
        yield _difference(look)


def far_off(look: HostContext) -> Iterator[str]:
    """Refuse a large one."""
    if look.clock.skew > LIMIT:
        yield _difference(look)


def _difference(look: HostContext) -> str:
    direction = "ahead of" if look.clock.offset > 0 else "behind"
    return f"is {abs(look.clock.offset):.1f} s {direction} the bastion (measured to {look.clock.uncertainty:.2f} s)"


RULES = (
    HostRule(
        "clock-drifts",
        "soft",
        drift,
        "logs of several hosts cannot be put in order; chrony corrects it where hosts.kernel is managed",
        "nothing where hosts.kernel is managed; otherwise synchronise the clock",
    ),
    HostRule(
        "clock-off",
        "hard",
        far_off,
        "new certificates are not yet valid there, and etcd and tokens expire wrongly",
        "set the clock (chronyc makestep), and check the hardware clock's battery",
    ),
)
