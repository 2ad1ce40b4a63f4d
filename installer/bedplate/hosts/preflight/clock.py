"""Rules about the clock."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import HostContext, HostRule

DRIFT = 0.5
LIMIT = 10.0
"""Seconds."""


def drift(context: HostContext) -> Iterator[str]:
    """Warn of a small difference."""
    if DRIFT < context.clock.skew <= LIMIT:
        yield _difference(context)


def far_off(context: HostContext) -> Iterator[str]:
    """Refuse a large one."""
    if context.clock.skew > LIMIT:
        yield _difference(context)


def _difference(context: HostContext) -> str:
    direction = "ahead of" if context.clock.offset > 0 else "behind"
    return (
        f"is {abs(context.clock.offset):.1f} s {direction} the bastion (measured to {context.clock.uncertainty:.2f} s)"
    )


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
