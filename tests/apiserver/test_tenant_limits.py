"""What the release's own API server admits in tenants' namespaces: quotas, defaults, Pod Security, priorities."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from factories.tenant_objects import (
    BASELINE,
    COUNTED,
    PODS,
    RESTRICTED,
    SECURITY,
    claim,
    create,
    pod,
    service,
    try_to_create,
)

Json = dict[str, Any]
USER = ("--as=analyst", "--as-group=risk-analysts")
QUOTA = "exceeded quota: tenant"
ROOT: Json = {"runAsUser": 0, "runAsNonRoot": False}


def test_a_pod_without_resources_gets_those_of_its_namespace(tenant_site: Site) -> None:
    """A pod that names no resources gets the defaults of its namespace, and the lowest priority."""
    spec = try_to_create(tenant_site, pod(RESTRICTED), *USER)["spec"]
    assert spec["containers"][0]["resources"] == {
        "limits": {"cpu": "500m", "memory": "512Mi"},
        "requests": {"cpu": "100m", "memory": "128Mi"},
    }
    assert (spec["priorityClassName"], spec["preemptionPolicy"]) == ("bedplate-batch", "Never")


@pytest.mark.parametrize(
    ("limits", "exceeded"),
    [
        ({"cpu": "3"}, "limits.cpu=3"),
        ({"memory": "3Gi"}, "limits.memory=3Gi"),
        ({"nvidia.com/gpu": "2"}, "requests.nvidia.com/gpu=2"),
    ],
    ids=["cpu", "memory", "gpus"],
)
def test_a_pod_over_the_quota_is_refused(limits: Json, exceeded: str, tenant_site: Site) -> None:
    """A pod that alone needs more than the quota of its namespace is refused, with the resource named."""
    with pytest.raises(BedplateError, match=rf"{QUOTA}.*{exceeded}"):
        try_to_create(tenant_site, pod(RESTRICTED, resources={"limits": limits}), *USER)


def test_a_pod_beyond_the_number_of_pods_is_refused(tenant_site: Site) -> None:
    """If a namespace has as many pods as its quota permits, another pod is refused."""
    for number in range(PODS):
        create(tenant_site, pod(COUNTED, f"pod-{number}"))
    with pytest.raises(BedplateError, match=rf"{QUOTA}.*used: pods={PODS}"):
        try_to_create(tenant_site, pod(COUNTED, "another"), *USER)


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_a_service_that_opens_a_port_of_the_nodes_is_refused(kind: str, tenant_site: Site) -> None:
    """A tenant cannot publish a Service outside the cluster; a Service inside it is admitted."""
    assert try_to_create(tenant_site, service(RESTRICTED, "ClusterIP"), *USER)
    with pytest.raises(BedplateError, match=QUOTA):
        try_to_create(tenant_site, service(RESTRICTED, kind), *USER)


def test_a_volume_over_the_quota_is_refused(tenant_site: Site) -> None:
    """A claim of all the storage of a namespace is admitted, and a larger claim is refused."""
    assert try_to_create(tenant_site, claim(RESTRICTED, "4Gi"), *USER)
    with pytest.raises(BedplateError, match=rf"{QUOTA}.*requests.storage=5Gi"):
        try_to_create(tenant_site, claim(RESTRICTED, "5Gi"), *USER)


@pytest.mark.parametrize("who", [USER, ()], ids=["tenant", "administrator"])
@pytest.mark.parametrize(
    ("namespace", "security"),
    [
        (RESTRICTED, {"privileged": True}),
        (BASELINE, {"privileged": True}),
        (RESTRICTED, ROOT),
        (RESTRICTED, {**SECURITY, "capabilities": {}}),
        (BASELINE, {"capabilities": {"add": ["SYS_ADMIN"]}}),
    ],
)
def test_a_pod_below_the_standard_is_refused(
    namespace: str, security: Json, who: tuple[str, ...], tenant_site: Site
) -> None:
    """A pod that violates the Pod Security Standard of its namespace is refused, also from an administrator."""
    with pytest.raises(BedplateError, match="violates PodSecurity"):
        try_to_create(tenant_site, pod(namespace, securityContext=security), *who)


def test_each_namespace_has_its_own_standard(tenant_site: Site) -> None:
    """A pod that runs as root is admitted in a namespace for which environment.yaml says `baseline`."""
    assert try_to_create(tenant_site, pod(BASELINE, securityContext=ROOT), *USER)
