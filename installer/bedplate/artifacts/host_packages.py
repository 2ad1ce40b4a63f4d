"""The packages that components need on hosts, by the names that they have in the hosts' distribution."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from bedplate.artifacts.source_kind import Context
from bedplate.config.catalog import Catalog
from bedplate.config.component import Component
from bedplate.config.release_lock import set_name
from bedplate.distributions.distribution import Distribution
from bedplate.distributions.find_distribution import find_distribution


def host_packages(components: Iterable[Component], distribution: Distribution) -> list[str]:
    """Return every package that a component needs on some host of a distribution, sorted."""
    return sorted(distribution.own_names(package for component in components for package in component.hosts.packages))


def pinned_packages(components: Iterable[Component], distribution: Distribution) -> list[str]:
    """Return every package that some host has in exactly the release's version, sorted."""
    return sorted(distribution.own_names(package for component in components for package in component.hosts.pinned))


def pinned_versions(catalog: Catalog, groups: Collection[str]) -> dict[str, str]:
    """Return the packages that hosts of some groups have in exactly the lock's version: name to version."""
    distribution = find_distribution(catalog.release.platform.distribution)
    installed = [one for one in catalog.components.values() if {*groups} & {*one.hosts.groups}]
    if not (names := pinned_packages(installed, distribution)):
        return {}
    roots = host_packages(catalog.components.values(), distribution)
    entries = catalog.lock().sets.get(set_name(distribution.package_kind, roots), [])
    versions = dict(distribution.package_version(entry.partition(":")[2]) for entry in entries)
    return {name: versions[name] for name in names if name in versions}


def platform_packages(context: Context) -> list[str]:
    """Return what a bare host has: the packages of the component named as the platform's distribution."""
    platform = context.components.get(context.release.platform.distribution)
    return context.distribution.own_names(platform.hosts.packages) if platform else []


def host_roots(kind: str, context: Context) -> list[list[str]]:
    """Return the roots of the hosts' sets: all hosts, and a bare one. Empty for another distribution's kind."""
    if context.distribution.package_kind != kind:
        return []
    return [host_packages(context.components.values(), context.distribution), platform_packages(context)]
