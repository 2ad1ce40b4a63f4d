"""Live objects: what the cluster has of the kinds that an environment declares, with managedFields."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bedplate.cluster import kubectl
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.kube import object_id, secret_values
from bedplate.kube.object_id import ObjectId

WORKERS = 4
NO_SUCH_KIND = "doesn't have a resource type"

Kind = tuple[str, str]
"""Group and kind."""


def read_live(site: Site, kinds: Iterable[Kind]) -> dict[ObjectId, dict[str, Any]]:
    """Read the live objects of some kinds, with the values of Secrets hidden.

    Args:
        site: the environment.
        kinds: groups and kinds.

    Returns:
        The objects by identity.

    Raises:
        BedplateError: the cluster does not answer.
    """
    names = [f"{name}.{group}" if group else name for group, name in sorted(set(kinds))]
    parts = [part for index in range(WORKERS) if (part := names[index::WORKERS])]
    with ThreadPoolExecutor(WORKERS) as pool:
        lists = pool.map(lambda part: _of_kinds(site, part), parts)
        return {object_id.of(live): live for items in lists for live in items}


def _of_kinds(site: Site, names: list[str]) -> list[dict[str, Any]]:
    """Return the objects of some kinds. kubectl rejects all of them if it does not know one: then ask for each."""
    try:
        items = kubectl.get(site, ",".join(names), "--all-namespaces", "--show-managed-fields", "--chunk-size=0")[
            "items"
        ]
    except BedplateError as error:
        if NO_SUCH_KIND not in error.fact:
            raise
        return [item for name in names for item in _of_kinds(site, [name])] if len(names) > 1 else []
    return [secret_values.hide(item) for item in items]
