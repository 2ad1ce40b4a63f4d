"""The packages that components need on hosts, for any distribution."""

from __future__ import annotations

from collections.abc import Iterable

from bedplate.artifacts.source_kind import Context
from bedplate.config.component import Component


def host_packages(components: Iterable[Component]) -> list[str]:
    """Return every package that a component needs on some host, sorted."""
    return sorted({package for component in components for package in component.hosts.packages})


def platform_packages(context: Context) -> list[str]:
    """Return what a bare host has: the packages of the component named as the platform's distribution."""
    platform = context.components.get(context.release.platform.distribution)
    return platform.hosts.packages if platform else []


def host_roots(kind: str, context: Context) -> list[list[str]]:
    """Return the roots of the hosts' sets: all hosts, and a bare one. Empty for another distribution's kind."""
    if context.distribution.package_kind != kind:
        return []
    return [host_packages(context.components.values()), platform_packages(context)]
