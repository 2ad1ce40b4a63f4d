"""Parts of a layer: which objects a stack has, which stacks come first, and the bound on a stack's objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from bedplate.cluster.layer_parts import MAX_OBJECTS, LayerPart, Placed, divide
from bedplate.cluster.stack_name import StackName
from bedplate.config.component import Component
from bedplate.core.errors import InputError
from bedplate.render.rendered import RenderedObject

Json = dict[str, Any]
GROUPS = {
    "Deployment": "apps/v1",
    "Role": "rbac.authorization.k8s.io/v1",
    "Widget": "widgets.test/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "ValidatingWebhookConfiguration": "admissionregistration.k8s.io/v1",
}
WIDGETS: Json = {"spec": {"group": "widgets.test", "names": {"kind": "Widget"}}}


def _object(
    component: str, kind: str, name: str = "it", namespace: str = "", more: Json | None = None
) -> RenderedObject:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    value = {"apiVersion": GROUPS.get(kind, "v1"), "kind": kind, "metadata": metadata, **(more or {})}
    return RenderedObject(component, "one", value)


def _components(**requires: list[str]) -> dict[str, Component]:
    return {
        name: Component(name=name, summary="It", layer="one", requires=required) for name, required in requires.items()
    }


def _tenant(component: str, name: str, count: int = 9) -> list[RenderedObject]:
    """Return the objects of a component in a tenant's namespace, the namespace included."""
    return [
        _object(component, "Namespace", name),
        *(_object(component, "Role", f"r{n}", name) for n in range(count - 1)),
    ]


def _names(parts: Iterable[LayerPart]) -> list[str]:
    return [part.name.part for part in parts]


def _after(parts: Iterable[LayerPart]) -> dict[str, set[str]]:
    return {part.name.part: {name.part for name in part.after} for part in parts}


def test_an_operator_comes_before_what_it_defines() -> None:
    """Definitions come first, then an operator with its webhook, then custom resources, also those of others."""
    operator = [
        _object("operator", "CustomResourceDefinition", more=WIDGETS),
        _object("operator", "Namespace", "widgets"),
        _object("operator", "ValidatingWebhookConfiguration"),
        _object("operator", "Deployment", namespace="widgets"),
        _object("operator", "Widget", namespace="widgets"),
    ]
    others = [_object("user", "Widget", "other", "widgets"), _object("user", "ConfigMap", namespace="widgets")]
    parts = divide([*operator, *others], _components(operator=[], user=[]))
    every = {"operator-definitions", "operator", "operator-resources"}
    assert _after(parts) == {
        "namespaces": set(),
        "operator-definitions": set(),
        "operator": {"operator-definitions", "namespaces"},
        "operator-resources": {"operator-definitions", "operator", "namespaces"},
        "user": {"namespaces"},
        "user-resources": {*every, "user", "namespaces"},
    }
    assert [part.name.part for part in parts if part.is_last and part.component] == [
        "operator-resources",
        "user-resources",
    ]


def test_a_component_waits_for_all_that_it_requires() -> None:
    """Requirements hold also through a component without objects; unrelated components do not wait for each other."""
    objects = [_object(name, "Deployment", name, "kube-system") for name in ("first", "third", "other")]
    components = _components(first=[], second=["first"], third=["second"], other=[])
    assert _after(divide(objects, components)) == {"first": set(), "third": {"first"}, "other": set()}


def test_rights_in_tenants_namespaces_come_before_pods_that_use_them() -> None:
    """A hub's rights come before the hub. What runs for a tenant comes after the component itself."""
    hub = [_object("hub", "Deployment", "hub", "kube-system"), *_tenant("hub", "risk")]
    served = [
        _object("serve", "ConfigMap", "serve", "kube-system"),
        _object("serve", "Deployment", "server", "risk"),
    ]
    parts = divide([*hub, *served], _components(hub=[], serve=[]), ["risk"])
    assert _after(parts) == {
        "hub-tenants-1": set(),
        "hub": {"hub-tenants-1"},
        "serve": set(),
        "serve-tenants-1": {"serve", "hub-tenants-1"},
    }


def test_stacks_that_wait_for_each_other_are_refused() -> None:
    """The error names the stacks."""
    objects = [
        _object("a", "CustomResourceDefinition", more=WIDGETS),
        _object("a", "Deployment"),
        _object("b", "Widget"),
    ]
    with pytest.raises(InputError, match="wait for each other"):
        divide(objects, _components(a=["b"], b=[]))


@pytest.mark.parametrize("tenants", [1, 6, 100, 500])
def test_no_stack_has_more_objects_than_the_bound(tenants: int) -> None:
    """However many tenants there are, no stack is larger, and the number of stacks grows with the objects only."""
    names = [f"t{number}" for number in range(tenants)]
    objects = [one for name in names for one in _tenant("tenants", name, 18)]
    parts = divide(objects, _components(tenants=[]), names)
    assert max(len(part.objects) for part in parts) <= MAX_OBJECTS
    assert len(parts) <= 18 * tenants // (MAX_OBJECTS - 18) + 1
    assert sum(len(part.objects) for part in parts) == len(objects)


def _placed(parts: Iterable[LayerPart]) -> Placed:
    return {identity: part.name for part in parts for identity in part.identities}


def test_a_new_tenant_moves_no_other() -> None:
    """Tenants stay in their stacks when others come, in whatever order their names sort, and when others go."""
    names = [f"t{number:02}" for number in range(0, 60, 2)]
    before = _placed(divide(_all(names), _components(tenants=[]), names))
    more = sorted([*names[5:], *(f"t{number:02}" for number in range(1, 60, 2))])
    after = _placed(divide(_all(more), _components(tenants=[]), more, before))
    assert {one for one in before if one in after and after[one] != before[one]} == set()
    assert max(list(after.values()).count(name) for name in set(after.values())) <= MAX_OBJECTS


def _all(names: Iterable[str]) -> list[RenderedObject]:
    return [one for name in names for one in _tenant("tenants", name)]


def test_a_tenant_moves_where_its_stack_has_no_room() -> None:
    """If a release adds objects to each namespace, only as many tenants move as the bound requires."""
    names = [f"t{number:02}" for number in range(16)]
    before = _placed(divide(_all(names), _components(tenants=[]), names))
    larger = [one for name in names for one in _tenant("tenants", name, 10)]
    parts = divide(larger, _components(tenants=[]), names, before)
    assert [len(part.objects) for part in parts] == [150, 10]


def test_a_component_with_too_many_objects_is_refused() -> None:
    """The bound holds for every stack; a component's own objects are not divided."""
    objects = [_object("big", "ConfigMap", f"c{number}", "kube-system") for number in range(MAX_OBJECTS + 1)]
    with pytest.raises(InputError, match="stack big would have 151 objects"):
        divide(objects, _components(big=[]))


def test_names_are_sorted_where_nothing_else_orders_them() -> None:
    """The order is the same each time."""
    objects = [_object(name, "ConfigMap", name, "kube-system") for name in "cab"]
    assert _names(divide(objects, _components(a=[], b=[], c=[]))) == ["a", "b", "c"]
    assert divide(objects, _components(a=[], b=[], c=[]))[0].name == StackName("one", "a")
