"""Finding the distributions: each folder of this package is one."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from bedplate import distributions
from bedplate.config.release import Platform
from bedplate.core.errors import InputError, SourceLocation
from bedplate.distributions.distribution import Distribution


@cache
def distribution_names() -> tuple[str, ...]:
    """Return the name of every distribution, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(distributions.__path__) if module.ispkg))


@cache
def find_distribution(name: str, location: SourceLocation | None = None) -> Distribution:
    """Return a distribution by its name; InputError lists those that there are.

    Args:
        name: as in platform.distribution of release.yaml.
        location: where it was written.
    """
    if name not in distribution_names():
        hint = f"platform.distribution in release.yaml is one of: {', '.join(distribution_names())}"
        raise InputError(f"distribution {name}", "is not known", hint, location)
    found: Distribution = import_module(f"{distributions.__name__}.{name}.{name}_distribution").DISTRIBUTION
    return found


def image_distribution() -> Distribution:
    """Return the distribution of images, whose packages component.yaml lists as `debs`, on any hosts."""
    return find_distribution("debian")


def distribution_of_suite(suite: str) -> Distribution:
    """Return the distribution that has a release of this name; InputError where none has.

    Args:
        suite: as in a bundle's release.json; empty stands for the usual distribution.
    """
    if not suite:
        return find_distribution(Platform().distribution)
    every = [find_distribution(name) for name in distribution_names()]
    for distribution in every:
        if suite in distribution.suites:
            return distribution
    known = sorted(known for distribution in every for known in distribution.suites)
    raise InputError(f"suite {suite}", "is not known", f"the distributions' suites are: {', '.join(known)}")
