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
    with ThreadPoolExecutor(WORKERS) as pool:
        lists = pool.map(lambda kind: _of_kind(site, kind), sorted(set(kinds)))
        return {object_id.of(live): live for items in lists for live in items}


def _of_kind(site: Site, kind: Kind) -> list[dict[str, Any]]:
    group, name = kind
    try:
        words = (f"{name}.{group}" if group else name, "--all-namespaces", "--show-managed-fields")
        items = kubectl.get(site, *words)["items"]
    except BedplateError as error:
        if NO_SUCH_KIND in error.fact:
            return []
        raise
    return [secret_values.hide(item) for item in items]
