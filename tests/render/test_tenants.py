"""The objects of a tenant."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.render.rendered import RenderedObject


def of_kind(rendered: list[RenderedObject], kind: str, namespace: str) -> list[dict[str, Any]]:
    """Return the objects of a kind in a namespace that belong to the component tenants."""
    return [
        one.object
        for one in rendered
        if one.component == "tenants" and one.object["kind"] == kind and one.identity.namespace == namespace
    ]


@pytest.mark.parametrize(
    ("namespace", "standard", "tenant"),
    [
        ("rad-research", "restricted", "radiology"),
        ("rad-service", "baseline", "radiology"),
        ("fraud", "restricted", "fraud"),
    ],
)
def test_namespaces_have_owner_and_standard(
    rendered: list[RenderedObject], namespace: str, standard: str, tenant: str
) -> None:
    """A tenant's namespace has its owner and its Pod Security standard."""
    found = next(one.object["metadata"] for one in rendered if one.identity[1:] == ("Namespace", "", namespace))
    assert found["labels"]["pod-security.kubernetes.io/enforce"] == standard
    assert found["labels"]["bedplate.dev/tenant"] == tenant
    assert found["annotations"]["bedplate.dev/owner"]


@pytest.mark.parametrize(("namespace", "gpus"), [("rad-research", "0"), ("fraud", "2")])
def test_quota_comes_with_defaults_for_containers(rendered: list[RenderedObject], namespace: str, gpus: str) -> None:
    """A quota refuses pods without requests, so the namespace has defaults."""
    (quota,) = of_kind(rendered, "ResourceQuota", namespace)
    (limits,) = of_kind(rendered, "LimitRange", namespace)
    assert quota["spec"]["hard"]["requests.nvidia.com/gpu"] == gpus
    assert set(limits["spec"]["limits"][0]) >= {"default", "defaultRequest"}


def test_rights_go_to_groups(rendered: list[RenderedObject]) -> None:
    """Rights are bound to groups of the identity provider, never to people."""
    bindings = {one["metadata"]["name"]: one for one in of_kind(rendered, "RoleBinding", "rad-research")}
    groups = {name: [s["name"] for s in one["subjects"]] for name, one in bindings.items()}
    assert groups == {"tenant-admin": ["rad-admins"], "tenant-edit": ["radiology"], "tenant-view": []}
    assert all(s["kind"] == "Group" for one in bindings.values() for s in one["subjects"])
