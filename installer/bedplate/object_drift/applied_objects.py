"""Applied objects: what the stacks' last runs sent to the cluster, read from their states."""

from __future__ import annotations

from typing import Any

from bedplate.cluster import stack_state
from bedplate.config.environments import Site
from bedplate.kube import secret_values
from bedplate.kube.object_id import ObjectId

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key with which a state marks a value that is not plain, such as an encrypted one
(https://github.com/pulumi/pulumi/blob/v3.214.0/sdk/go/common/resource/sig/sig.go)."""
UNKNOWN = secret_values.TOKEN + "unknown"
"""Stands for an encrypted value."""

Json = dict[str, Any]


def read_applied(site: Site) -> dict[ObjectId, Json]:
    """Return the objects of all stacks' last runs. The states encrypt values of Secrets; here they are UNKNOWN."""
    return {identity: plain(value) for found in stack_state.applied(site).values() for identity, value in found.items()}


def plain(value: Json) -> Json:
    """Return an object from a state without Pulumi's own keys; values of Secrets are UNKNOWN."""
    return secret_values.hide(_plain(value))


def _plain(value: Any) -> Any:
    """Return a value without Pulumi's own keys."""
    match value:
        case dict() if SIGNATURE in value:
            return UNKNOWN
        case dict():
            return {key: _plain(item) for key, item in value.items() if not key.startswith("__")}
        case list():
            return [_plain(item) for item in value]
        case _:
            return value
