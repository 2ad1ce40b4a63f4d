"""The step of a layer against the API server: it is done only where nothing differs, and its run restores the rest."""

from __future__ import annotations

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from bedplate.apply.apply_layer import ApplyLayer
from bedplate.apply.installation import Installation
from bedplate.apply.ledger import Ledger
from bedplate.apply.log_files import new_log_file
from bedplate.apply.run_steps import ApplySummary, run_phases
from bedplate.apply.step import Phase
from bedplate.apply.step_progress import Progress
from bedplate.cluster import kubectl, stack_state
from bedplate.cluster.layer_parts import LayerPart
from bedplate.config.environment_file import Tenant
from bedplate.object_drift.layer_drift import read_layer_drift
from bedplate.object_drift.object_difference import Cause
from factories.api_server import ApiServer
from factories.background_programs import BackgroundProgram
from factories.pretended_bastion import use_bastion
from factories.shop_objects import account, cart, claim, definition, deny_all, quota, role, secret, service, settings
from factories.small_platform import LAYER, VERSION, SmallPlatform

Json = dict[str, Any]
OBJECTS, PER_NAMESPACE, OBJECTS_SECONDS = 5000, 100, 15.0


def _objects(shop: SmallPlatform) -> list[Json]:
    made = (settings, secret, account, service, role, deny_all, quota, claim, definition, cart)
    return [make(shop) for make in made]


def _step(shop: SmallPlatform) -> ApplyLayer:
    return ApplyLayer(shop.installation(), LAYER)


def _apply(shop: SmallPlatform) -> ApplySummary:
    """Run the layer's step as an apply does: if it is done, it is skipped."""
    ledger, log = Ledger(shop.site.ledger), new_log_file(shop.site.state / "log")
    with Progress(1, Console(file=io.StringIO())) as progress:
        return run_phases([Phase("Cluster", (_step(shop),))], ledger, progress, log, release=VERSION)


@pytest.fixture(scope="module")
def applied(
    server: ApiServer, controllers: BackgroundProgram, tmp_path_factory: pytest.TempPathFactory
) -> SmallPlatform:
    """Return an environment whose layer is applied; each test leaves it so."""
    controllers.check()
    folder = tmp_path_factory.mktemp("probed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEDPLATE_TREES", str(folder))
        use_bastion(server.folder, patch)
        shop = SmallPlatform(server, folder, "probed")
        shop.declare(*_objects(shop))
        _apply(shop)
    return shop


@pytest.fixture(autouse=True)
def _tree(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment's release be found."""
    if "applied" in request.fixturenames:
        monkeypatch.setenv("BEDPLATE_TREES", str(request.getfixturevalue("applied").site.folder.parent))


def test_an_apply_without_a_change_skips_the_layer(applied: SmallPlatform) -> None:
    """Where drift finds nothing, the step is done."""
    assert applied.drift().objects == ()
    assert _apply(applied).skipped == [_step(applied).id]


CHANGES = [
    ("delete", "secret", "shop"),
    ("delete", "pvc", "data", "--wait=false"),
    ("delete", "serviceaccount", "clerk"),
    ("patch", "role", "clerk", "--patch", '{"rules": []}'),
    ("patch", "resourcequota", "tenant", "--patch", '{"spec": {"hard": {"pods": "99"}}}'),
    ("patch", "configmap", "settings", "--patch", '{"data": {"color": "red"}}'),
    ("patch", "configmap", "settings", "--patch", '{"data": {"size": "large"}}'),
    ("patch", "networkpolicy", "default-deny", "--patch", '{"spec": {"ingress": [{}]}}'),
    ("patch", "networkpolicy", "default-deny", "--patch", '{"spec": {"podSelector": {"matchLabels": {"a": "b"}}}}'),
    ("patch", "service", "web", "--patch", '{"spec": {"ports": [{"name": "more", "port": 22}]}}'),
    ("label", "--overwrite", "service", "web", "app.kubernetes.io/part-of=other"),
    ("patch", "cart", "first", "--type=merge", "--patch", '{"spec": {"wheels": 3}}'),
]
"""Changes by hand of 9 objects."""


def test_whatever_drift_finds_is_restored(applied: SmallPlatform) -> None:
    """The probe notices each deleted object, changed value and added field. One plain apply restores all of them."""
    known = 0
    for words in CHANGES:
        applied.kubectl(*words)
        noticed = len(read_layer_drift(applied.site, _step(applied).installation.objects, LAYER).differences)
        assert noticed > known, words
        known = noticed
    assert _apply(applied).skipped == []
    assert applied.drift().objects == ()
    assert _apply(applied).ran == {}


def test_a_changed_secret_is_noticed(applied: SmallPlatform) -> None:
    """A value that someone changed in a Secret is restored from the bastion."""
    before = applied.get("secret", "shop")["data"]
    applied.kubectl("patch", "secret", "shop", "--patch", '{"data": {"password": "aGFuZA=="}}')
    assert _apply(applied).changed == 1
    assert applied.get("secret", "shop")["data"] == before


def test_labels_of_others_stay_and_are_counted(applied: SmallPlatform) -> None:
    """A label that others add stays. The step says so each time; it does not count as done, because drift finds it."""
    applied.kubectl("label", "service", "web", "backup=daily")
    found = _apply(applied)
    assert found.ran == {_step(applied).id: 0}
    (record,) = Ledger(applied.site.ledger).steps()
    assert record.detail == "no change; 1 label or annotation of others stays"
    assert [one.cause for one in applied.drift().objects] == [Cause.CHANGED]
    applied.kubectl("label", "service", "web", "backup-")


def test_a_value_of_a_secret_is_in_no_log(applied: SmallPlatform) -> None:
    """The probe and the run read Secrets; the log of the run has neither the values nor their encoded form."""
    value = applied.get("secret", "shop")["data"]["password"]
    applied.kubectl("delete", "service", "web")
    log = _apply(applied).log.read_text()
    assert "web" in log
    assert value not in log


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
