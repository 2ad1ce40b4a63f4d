"""The probe of a layer on a large site: every field of 5,000 objects is compared in time."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from bedplate.apply.apply_layer import ApplyLayer
from bedplate.apply.installation import Installation
from bedplate.cluster import kubectl, stack_state
from bedplate.cluster.layer_parts import LayerPart
from bedplate.config.environment_file import Tenant
from factories.api_server import ApiServer
from factories.small_platform import LAYER, SmallPlatform

Json = dict[str, Any]
OBJECTS, PER_NAMESPACE, OBJECTS_SECONDS = 5000, 100, 15.0


def test_five_thousand_objects_are_probed_in_time(server: ApiServer, shop: SmallPlatform) -> None:
    """The probe compares every field of 5,000 objects in at most 15 s, and notices one changed value."""
    step = ApplyLayer(_with_tenants(shop), LAYER)
    _create(server, [one.object for one in step.installation.objects])
    for part in step.installation.parts(LAYER, {}):
        _write_state(step.installation, part)
    began = time.monotonic()
    assert step.is_done()
    assert time.monotonic() - began < OBJECTS_SECONDS
    words = ("patch", "configmap", "c21", "--patch", '{"data": {"number": "0"}}')
    kubectl.run(shop.site, "--namespace", f"{shop.namespace}-t43", *words)
    assert not step.is_done()


def _with_tenants(shop: SmallPlatform) -> Installation:
    """Let the release have 100 objects in each of 50 namespaces of tenants; return its installation."""
    names = [f"{shop.namespace}-t{number}" for number in range(OBJECTS // PER_NAMESPACE)]
    objects = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]
    for name in names:
        for number in range(PER_NAMESPACE):
            one = shop.object("ConfigMap", f"c{number}", {"data": {"number": str(number)}})
            objects.append({**one, "metadata": {**one["metadata"], "namespace": name}})
    installed = shop.declare(*objects)
    environment = installed.site.environment
    tenant = Tenant.model_validate({"name": "all", "owner": "all", "namespaces": [{"name": name} for name in names]})
    site = replace(installed.site, environment=environment.model_copy(update={"tenants": [tenant]}))
    return replace(installed, site=site)


def _create(server: ApiServer, objects: list[Json]) -> None:
    """Apply objects as Pulumi does, but without Pulumi."""
    with server.client() as client, ThreadPoolExecutor(4) as pool:

        def send(value: Json) -> None:
            inside = f"/{value['metadata'].get('namespace')}/configmaps" if value["kind"] == "ConfigMap" else ""
            path = f"/api/v1/namespaces{inside}/{value['metadata']['name']}?fieldManager=bedplate&force=true"
            headers = {"Content-Type": "application/apply-patch+yaml"}
            client.patch(path, content=json.dumps(value), headers=headers).raise_for_status()

        for kind in ("Namespace", "ConfigMap"):
            list(pool.map(send, [one for one in objects if one["kind"] == kind]))


def _write_state(installed: Installation, part: LayerPart) -> None:
    """Write the state that the stack would have after an apply."""
    resources = [
        {"urn": str(one.identity), "type": "kubernetes:core/v1:X", "inputs": one.object} for one in part.objects
    ]
    path = stack_state.state_file(installed.site, part.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"version": 3, "checkpoint": {"latest": {"resources": resources}}}))
