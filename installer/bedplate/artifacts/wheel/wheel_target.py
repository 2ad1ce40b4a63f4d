"""Which distribution's Python runs the wheels of a set."""

from __future__ import annotations

from bedplate.distributions.distribution import Distribution
from bedplate.distributions.find_distribution import image_distribution

KIND = "wheel"
INSTALLER = f"{KIND}:installer"
"""The set of wheels that the installer itself needs on the bastion, pip included."""


def wheel_target(set_name: str, hosts: Distribution) -> Distribution:
    """Return the distribution that runs a set's wheels: the installer's run on hosts, all others in images.

    Args:
        set_name: the set.
        hosts: the hosts' distribution.
    """
    return hosts if set_name == INSTALLER else image_distribution()
