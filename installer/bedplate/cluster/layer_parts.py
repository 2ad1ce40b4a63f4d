"""Parts of a layer: which of its objects one stack applies, and which stacks come first.

A component has a stack for its definitions of kinds, one for its objects, one for its custom resources, and as many as
needed for its objects in tenants' namespaces. The namespaces of all components of a layer are in one stack.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import count

from bedplate.cluster.apply_rank import CONFIGURATION, CUSTOM, rank
from bedplate.cluster.stack_name import StackName
from bedplate.config.catalog import Catalog
from bedplate.config.component import Component
from bedplate.config.environments import Site
from bedplate.core.errors import InputError
from bedplate.kube.object_id import ObjectId
from bedplate.render.rendered import RenderedObject

MAX_OBJECTS = 150
"""Bound on the objects of one stack: Pulumi writes the whole state at each change of one of them."""
NAMESPACES, DEFINITIONS, TENANTS, RESOURCES = "namespaces", "definitions", "tenants", "resources"

Placed = Mapping[ObjectId, StackName]
"""The stack in whose state an object is now."""


@dataclass(slots=True)
class LayerPart:
    """The objects of one stack.

    Attributes:
        name: the stack.
        component: the component of its objects; empty for the namespaces of a layer.
        objects: its objects.
        after: the stacks of the same layer that are applied before it.
        is_last: whether it is the last stack of its component.
    """

    name: StackName
    component: str
    objects: list[RenderedObject] = field(default_factory=list)
    after: set[StackName] = field(default_factory=set)
    is_last: bool = False

    @property
    def highest(self) -> int:
        """Return the highest rank of its objects."""
        return max(rank(rendered.object) for rendered in self.objects)

    @property
    def identities(self) -> set[ObjectId]:
        """Return the identities of its objects."""
        return {rendered.identity for rendered in self.objects}


def parts_of_layer(
    site: Site, catalog: Catalog, objects: Iterable[RenderedObject], layer: str, placed: Placed | None = None
) -> list[LayerPart]:
    """Divide one layer of an environment into stacks, in order.

    Args:
        site: the environment.
        catalog: the release.
        objects: the objects of all layers.
        layer: the layer's name.
        placed: the stack in whose state each object is now.

    Raises:
        InputError: the layer cannot be divided.
    """
    tenants = [space.name for tenant in site.environment.tenants for space in tenant.namespaces]
    chosen = [rendered for rendered in objects if rendered.layer == layer]
    return divide(chosen, catalog.components, tenants, placed)


def divide(
    objects: Sequence[RenderedObject],
    components: Mapping[str, Component],
    tenants: Iterable[str] = (),
    placed: Placed | None = None,
) -> list[LayerPart]:
    """Divide the objects of one layer into stacks, in an order in which they can be applied.

    Args:
        objects: the layer's objects, ordered by component.
        components: the release's components.
        tenants: the names of tenants' namespaces.
        placed: where objects are now; a tenant's namespace stays in its stack as long as that has room.

    Raises:
        InputError: a component has too many objects for one stack, or stacks wait for each other.
    """
    parts = _parts(objects, set(tenants), placed or {})
    for part in parts.values():
        if len(part.objects) > MAX_OBJECTS:
            fact = f"would have {len(part.objects)} objects; a stack may have {MAX_OBJECTS}"
            raise InputError(f"stack {part.name}", fact, "divide the component into several")
    _relate(parts, components)
    return _ordered(parts)


def _ordered(parts: Mapping[StackName, LayerPart]) -> list[LayerPart]:
    sorter = TopologicalSorter({name: part.after for name, part in parts.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        chain = " → ".join(str(name) for name in error.args[1])
        raise InputError("stacks", f"wait for each other: {chain}", "correct `requires` in component.yaml") from error
    ordered: list[LayerPart] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += [parts[name] for name in ready]
        sorter.done(*ready)
    return ordered


def _parts(objects: Sequence[RenderedObject], tenants: Collection[str], placed: Placed) -> dict[StackName, LayerPart]:
    parts: dict[StackName, LayerPart] = {}
    buckets = _buckets(objects, tenants, placed)
    for rendered in objects:
        name = StackName(rendered.layer, _part(rendered, tenants, buckets))
        component = "" if name.part == NAMESPACES else rendered.component
        parts.setdefault(name, LayerPart(name, component)).objects.append(rendered)
    return parts


def _part(rendered: RenderedObject, tenants: Collection[str], buckets: Mapping[tuple[str, str], int]) -> str:
    kind, component = rendered.identity.kind, rendered.component
    if (namespace := _namespace(rendered)) in tenants:
        return f"{component}-{TENANTS}-{buckets[component, namespace]}"
    if kind == "Namespace":
        return NAMESPACES
    if _is_definition(rendered):
        return f"{component}-{DEFINITIONS}"
    return f"{component}-{RESOURCES}" if rank(rendered.object) == CUSTOM else component


def _namespace(rendered: RenderedObject) -> str:
    """Return an object's namespace; a namespace is in itself."""
    identity = rendered.identity
    return identity.name if identity.kind == "Namespace" else identity.namespace


def _buckets(objects: Sequence[RenderedObject], tenants: Collection[str], placed: Placed) -> dict[tuple[str, str], int]:
    """Return the number of the stack of each component's objects in a tenant's namespace."""
    sizes: dict[tuple[str, str], int] = defaultdict(int)
    present: dict[tuple[str, str], int] = {}
    for rendered in objects:
        key = rendered.component, _namespace(rendered)
        if key[1] in tenants:
            sizes[key] += 1
            number = _number(placed.get(rendered.identity), rendered)
            if number:
                present[key] = number
    filled: dict[tuple[str, int], int] = defaultdict(int)
    buckets: dict[tuple[str, str], int] = {}
    for key in sorted(sizes, key=lambda key: (key not in present, key)):
        component, size = key[0], sizes[key]

        def has_room(number: int, component: str = component, size: int = size) -> bool:
            taken = filled[component, number]
            return not taken or taken + size <= MAX_OBJECTS

        now = present.get(key, 0)
        buckets[key] = now if now and has_room(now) else next(filter(has_room, count(1)))
        filled[component, buckets[key]] += size
    return buckets


def _number(name: StackName | None, rendered: RenderedObject) -> int:
    """Return the number in a stack's name if it is one for tenants of the object's component; otherwise 0."""
    start = f"{rendered.component}-{TENANTS}-"
    if name is None or name.layer != rendered.layer or not name.part.startswith(start):
        return 0
    number = name.part.removeprefix(start)
    return int(number) if number.isdecimal() else 0


def _relate(parts: Mapping[StackName, LayerPart], components: Mapping[str, Component]) -> None:
    """Let each stack come after those of its component's earlier stages, and those that it needs of others."""
    of_component: dict[str, list[LayerPart]] = defaultdict(list)
    for part in parts.values():
        of_component[part.component].append(part)
    spaces, definers = _namespaces(parts.values()), _definers(parts.values())
    for name, own in of_component.items():
        stages = {part.name: _stage(part, own) for part in own}
        last = max(own, key=lambda part: (stages[part.name], part.name))
        last.is_last = True
        for part in own:
            needed = _required(name, components) | {definers.get(_kind(one), "") for one in part.objects}
            others = [other.name for one in needed - {name, ""} for other in of_component.get(one, [])]
            homes = [spaces[space] for one in part.objects if (space := one.identity.namespace) in spaces]
            earlier = [other for other in stages if stages[other] < stages[part.name]]
            part.after = {*others, *homes, *earlier} - {part.name}


def _namespaces(parts: Iterable[LayerPart]) -> dict[str, StackName]:
    """Return the stack that creates each namespace."""
    return {one.name: part.name for part in parts for one in part.identities if one.kind == "Namespace"}


def _definers(parts: Iterable[LayerPart]) -> dict[tuple[str, str], str]:
    """Return the component that defines each custom kind."""
    return {_defined(one): part.component for part in parts for one in part.objects if _is_definition(one)}


def _stage(part: LayerPart, own: Sequence[LayerPart]) -> int:
    """Return a stack's stage in its component: rights for tenants' namespaces come before the pods that use them."""
    stages = {f"{part.component}-{DEFINITIONS}": 0, part.component: 2, f"{part.component}-{RESOURCES}": 4}
    if part.name.part in stages:
        return stages[part.name.part]
    if part.highest > CONFIGURATION:
        return 5
    has_pods = any(other.name.part == part.component and other.highest > CONFIGURATION for other in own)
    return 1 if has_pods else 3


def _is_definition(rendered: RenderedObject) -> bool:
    return rendered.identity.kind == "CustomResourceDefinition"


def _defined(rendered: RenderedObject) -> tuple[str, str]:
    spec = rendered.object["spec"]
    return spec["group"], spec["names"]["kind"]


def _kind(rendered: RenderedObject) -> tuple[str, str]:
    return rendered.identity.group, rendered.identity.kind


def _required(name: str, components: Mapping[str, Component]) -> set[str]:
    """Return all components that a component requires, directly or through others."""
    found: set[str] = set()
    pending = [name]
    while pending:
        component = components.get(pending.pop())
        new = set(component.requires) - found if component else set()
        found |= new
        pending += new
    return found
