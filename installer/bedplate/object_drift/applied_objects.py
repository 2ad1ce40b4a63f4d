"""Applied objects: what the stacks' last runs sent to the cluster, read from their states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bedplate.cluster import stack_state
from bedplate.cluster.stack_name import StackName
from bedplate.config.environments import Site
from bedplate.kube import object_id, secret_values
from bedplate.kube.object_id import ObjectId

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key with which a state marks a value that is not plain, such as an encrypted one
(https://github.com/pulumi/pulumi/blob/v3.214.0/sdk/go/common/resource/sig/sig.go)."""
OBJECT = "kubernetes:"
UNKNOWN = secret_values.TOKEN + "unknown"
"""Stands for an encrypted value."""

Json = dict[str, Any]


def read_applied(site: Site, layers: Iterable[str]) -> dict[ObjectId, Json]:
    """Return the objects of the layers' last runs. The states encrypt values of Secrets; here they are UNKNOWN."""
    applied = (_plain(value) for layer in layers for value in _inputs(site, layer))
    return {object_id.of(value): secret_values.hide(value) for value in applied}


def _inputs(site: Site, layer: str) -> Iterator[Json]:
    for resource in stack_state.resources(stack_state.read_state(stack_state.state_file(site, StackName(layer)))):
        inputs = resource.get("inputs") or {}
        if resource["type"].startswith(OBJECT) and "kind" in inputs and not resource.get("delete"):
            yield inputs


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
