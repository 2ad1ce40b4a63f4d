"""Lists of a pod template that differ only in their order, which is a new template for the controller.

The order of containers, variables, ports, volumes and the like means nothing to a pod. But controllers compare
templates element by element, and so re-create the pods: Deployments by
https://github.com/kubernetes/kubernetes/blob/v1.34.3/pkg/controller/deployment/util/deployment_util.go
(EqualIgnoreHash), StatefulSets and DaemonSets by the bytes of a ControllerRevision. Jobs refuse the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bedplate.diff.compare import elements, unordered
from bedplate.diff.compare.kube_schema import SchemaNode
from bedplate.diff.compare.pairing import ListValue
from bedplate.kube.change import Action, Change, ListOrder, Path, PathStep

TYPES = frozenset({
    "io.k8s.api.batch.v1.Job", *(f"io.k8s.api.apps.v1.{kind}" for kind in ("Deployment", "StatefulSet", "DaemonSet")),
})  # fmt: skip
"""Kubernetes' definitions of the kinds whose template is compared in order."""
TEMPLATE: Path = ("spec", "template")


def order_changes(
    old: dict[str, Any], new: dict[str, Any], node: SchemaNode, changes: Iterable[Change]
) -> Iterator[Change]:
    """Yield the lists of a pod template in another order, if nothing else in the template differs.

    Args:
        old: the object before.
        new: the object after.
        node: its schema.
        changes: what else differs.
    """
    if node.type not in TYPES or any(change.path[: len(TEMPLATE)] == TEMPLATE for change in changes):
        return
    before: Any = old
    after: Any = new
    for key in TEMPLATE:
        if not isinstance(before, dict) or not isinstance(after, dict):
            return
        before, after, node = before.get(str(key)), after.get(str(key)), node.field(str(key))
    yield from _orders(before, after, node, TEMPLATE)


def _orders(old: Any, new: Any, node: SchemaNode, path: Path) -> Iterator[Change]:
    match old, new:
        case dict(), dict():
            for key in sorted(old.keys() & new.keys()):
                yield from _orders(old[key], new[key], node.field(key), (*path, key))
        case list(), list() if len(old) == len(new):
            names = _names(old, new, node)
            if names is None:
                return
            before, after = names
            if before != after:
                yield Change((*path, ListOrder()), Action.CHANGED, [*map(str, before)], [*map(str, after)])
            for step, one in zip(before, old, strict=True):
                yield from _orders(one, new[after.index(step)], node.item, (*path, step))


def _names(old: ListValue, new: ListValue, node: SchemaNode) -> tuple[list[PathStep], list[PathStep]] | None:
    """Return the names of the elements of both lists; None if they are not the same elements."""
    if keys := elements.keys_of(old, new, node):
        before, after = (elements.steps(one, node, keys) for one in (old, new))
    elif node.list_type == "set":
        place = unordered.without_duplicates(old, node)
        moved = list(unordered.without_duplicates(new, node))
        if len(place) != len(old) or len(moved) != len(new) or not place.keys() >= {*moved}:
            return None
        before = unordered.steps(old, node)
        after = [before[place[one]] for one in moved]
    else:
        before = after = [*range(len(old))]
    return (before, after) if {*before} == {*after} else None
