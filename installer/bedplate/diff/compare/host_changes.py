"""Comparing the hosts of two snapshots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from bedplate.diff.compare.kube_schema import SchemaNode
from bedplate.diff.compare.value_differences import differences
from bedplate.kube.change import Action, HostChange

if TYPE_CHECKING:  # see kube/snapshot.py
    from bedplate.config.host_spec import HostSpec

SCHEMA = SchemaNode(
    {
        "properties": {
            "groups": {"items": {}, "x-kubernetes-list-type": "set"},
            "services": {"items": {}, "x-kubernetes-list-type": "set"},
            "files": {"items": {}, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["path"]},
        }
    },
    native=False,
)
"""The lists of a HostSpec, described as in Kubernetes' schemas."""


def host_changes(old: Mapping[str, HostSpec], new: Mapping[str, HostSpec]) -> Iterator[HostChange]:
    """Yield the hosts that differ, by name."""
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before is None:
            yield HostChange(Action.ADDED, name, None, after)
        elif after is None:
            yield HostChange(Action.REMOVED, name, before, None)
        elif before != after:  # the digest in an edited file may be wrong
            changes = tuple(differences(_data(before), _data(after), SCHEMA))
            if changes:
                yield HostChange(Action.CHANGED, name, before, after, changes)


def _data(host: HostSpec) -> dict[str, object]:
    return host.model_dump(mode="json", exclude={"digest"})
