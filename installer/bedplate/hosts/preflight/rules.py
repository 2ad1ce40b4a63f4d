"""All rules of preflight, in the order they are shown; each family is a module."""

from __future__ import annotations

from bedplate.hosts.preflight import clock, disk, kernel, leftovers, login, machine, network
from bedplate.hosts.preflight.host_rule import Rule

FAMILIES = (login, machine, disk, clock, network, kernel, leftovers)
RULES: tuple[Rule, ...] = tuple(rule for family in FAMILIES for rule in family.RULES)
