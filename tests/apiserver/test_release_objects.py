"""The whole release on its own API server: it accepts every object, and every layer is applied as in a datacenter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bedplate.apply.installation import Installation
from bedplate.cluster import kubectl, pulumi_stack
from bedplate.cluster.pulumi_resources import FIELD_MANAGER
from bedplate.config.catalog import Catalog
from bedplate.drift.read_drift import read_drift
from bedplate.kube.object_id import SECRET_REF
from bedplate.render import layer_order
from bedplate.render.rendered import RenderedObject
from factories.api_server import ApiServer, running_api_server, running_controllers
from factories.api_site import api_site, apply_layers, installation
from factories.background_programs import BackgroundProgram
from factories.pretended_bastion import install_programs
from factories.pretended_nodes import pretended_nodes
from factories.render_site import make_site

Json = dict[str, Any]
FIRST = ("Namespace", "CustomResourceDefinition")
"""Kinds that other objects need; they are created, and the other objects are only checked."""
TENANTS = [{"name": "ward", "owner": "ward@site.bedplate.test", "namespaces": [{"name": "ward"}]}]
STEPS = [f"layer-{name}" for name in layer_order.layer_names()]
TOKEN, READERS = "proxy/auth-token", ("hub", "proxy")
"""A secret on the bastion, and the Deployments whose pods read it."""
WORKLOAD = ("deployment", "kube-state-metrics", "--namespace=monitoring")


@pytest.fixture(scope="module")
def server(catalog: Catalog) -> Iterator[ApiServer]:
    """Run an API server for this file alone, because drift reads the whole cluster."""
    with running_api_server(catalog) as started:
        install_programs(started)
        yield started


@pytest.fixture(scope="module")
def controllers(server: ApiServer) -> Iterator[BackgroundProgram]:
    """Run its controllers."""
    with running_controllers(server) as started:
        yield started


@pytest.fixture(scope="module")
def installed(server: ApiServer, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Return the installation of an environment with a tenant."""
    return installation(api_site(server, tmp_path_factory.mktemp("site"), **_settings(catalog)))


def _settings(catalog: Catalog) -> Json:
    return {"name": "release", "release": catalog.release.version, "tenants": TENANTS}


def _changed(before: Installation, **settings: Any) -> Installation:
    """Return the installation after a change of its environment."""
    return installation(make_site(before.site.folder, **_settings(before.catalog), **settings))


def _with_secrets(rendered: RenderedObject) -> Json:
    """Return an object with a text for each secret that a stack would fill in."""
    texts = rendered.object.get("stringData") or {}
    filled = {key: "x" if isinstance(item, dict) and SECRET_REF in item else item for key, item in texts.items()}
    return {**rendered.object, "stringData": filled} if texts else rendered.object


def _apply_objects(installed: Installation, objects: list[RenderedObject], *words: str) -> None:
    items = [_with_secrets(rendered) for rendered in objects]
    content = json.dumps({"apiVersion": "v1", "kind": "List", "items": items}).encode()
    words = ("--server-side", f"--field-manager={FIELD_MANAGER}", "--validate=strict", *words)
    kubectl.run(installed.site, "apply", *words, "-f", "-", stdin=content)


def test_the_api_server_accepts_every_object(installed: Installation) -> None:
    """Each object passes the schemas and rules of the release's own Kubernetes; an unknown field is an error."""
    first = [one for one in installed.objects if one.object["kind"] in FIRST]
    _apply_objects(installed, first)
    _apply_objects(installed, [one for one in installed.objects if one not in first], "--dry-run=server")


@pytest.fixture(scope="module")
def applied(server: ApiServer, controllers: BackgroundProgram, installed: Installation) -> Iterator[Installation]:
    """Apply every layer of the release; the pods of its workloads are reported as ready."""
    controllers.check()
    with pretended_nodes(server):
        assert [*apply_layers(installed).ran] == STEPS
        yield installed


def test_a_second_apply_skips_every_layer(applied: Installation) -> None:
    """Each layer's key is in the ledger and its workloads are ready, so no stack runs."""
    found = apply_layers(applied)
    assert (found.ran, found.skipped) == ({}, STEPS)


def test_stacks_that_run_again_change_nothing(applied: Installation) -> None:
    """Fields that the server fills in or controllers add are not a change to a stack, and are not drift."""
    for content in (one for layer in layer_order.layer_names() for one in applied.stacks(layer)):
        assert pulumi_stack.up(applied.site, content, lambda _: None).changed == 0, content.name
    assert apply_layers(applied, every=True).ran == dict.fromkeys(STEPS, 0)
    found = read_drift(applied, with_hosts=False)
    assert (found.objects, found.unknown, found.looked) == ((), (), len(applied.objects))
    assert found.applied == applied.catalog.release.version


def test_an_apply_restores_a_deleted_workload(applied: Installation) -> None:
    """The layer's probe fails. Only its step runs, and it changes only the workload."""
    kubectl.run(applied.site, "delete", *WORKLOAD)
    found = apply_layers(applied)
    assert found.ran == {"layer-monitoring": 1}
    assert kubectl.get(applied.site, *WORKLOAD)["status"]["readyReplicas"] == 1


def test_a_changed_setting_applies_one_layer(applied: Installation) -> None:
    """A new setting is pending until the next apply, which changes only the workload that it concerns."""
    changed = _changed(applied, monitoring={"retention": "3d"})
    found = read_drift(changed, with_hosts=False)
    assert {one.identity.name for one in found.pending} == {"prometheus"}
    assert not found.is_drifted
    assert apply_layers(changed).ran == {"layer-monitoring": 1}
    assert read_drift(changed, with_hosts=False).objects == ()


def test_a_new_secret_restarts_its_readers(applied: Installation) -> None:
    """A new value on the bastion changes the Secret, and the pod templates of the workloads that read it."""
    (applied.site.state / "secrets" / TOKEN).write_text("f" * 64)
    before = _pod_annotations(applied)
    assert apply_layers(applied).ran["layer-notebooks"] == 1 + len(READERS)
    after = _pod_annotations(applied)
    assert all(before[name] != after[name] for name in READERS)


def _pod_annotations(installed: Installation) -> dict[str, Json]:
    found = kubectl.get(installed.site, "deployments", "--namespace=notebooks")["items"]
    return {one["metadata"]["name"]: one["spec"]["template"]["metadata"]["annotations"] for one in found}
