"""Preflight rules about the clock: how far a host is off the bastion."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import HostContext, HostRule

RECOMMENDED_SKEW = 0.5
MAXIMUM_SKEW = 10.0
"""Seconds."""


def drift(context: HostContext) -> Iterator[str]:
    """Warn about a small difference."""
    if RECOMMENDED_SKEW < context.clock.skew <= MAXIMUM_SKEW:
        yield _difference(context)


def far_off(context: HostContext) -> Iterator[str]:
    """Refuse a large difference."""
    if context.clock.skew > MAXIMUM_SKEW:
        yield _difference(context)


def _difference(context: HostContext) -> str:
    direction = "ahead of" if context.clock.offset > 0 else "behind"
    return (
        f"is {abs(context.clock.offset):.1f} s {direction} the bastion (accurate to {context.clock.uncertainty:.2f} s)"
    )


RULES = (
    HostRule(
        "clock-drifts",
        "soft",
        drift,
        "log lines of different hosts appear in the wrong order; chrony corrects it if hosts.kernel is managed",
        "nothing if hosts.kernel is managed; otherwise synchronize the clock",
    ),
    HostRule(
        "clock-off",
        "hard",
        far_off,
        "new certificates are not valid there yet, and leases and tokens expire at the wrong time",
        "set the clock (chronyc makestep), and check the battery of the hardware clock",
    ),
)
