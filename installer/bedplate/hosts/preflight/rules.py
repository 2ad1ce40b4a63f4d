"""All preflight rules, in the order in which they are shown; each module has the rules of one subject."""

from __future__ import annotations

from bedplate.hosts.preflight import clock, disk, kernel, leftovers, login, machine, network
from bedplate.hosts.preflight.host_rule import HostRule

MODULES = (login, machine, disk, clock, network, kernel, leftovers)
RULES: tuple[HostRule, ...] = tuple(rule for module in MODULES for rule in module.RULES)
