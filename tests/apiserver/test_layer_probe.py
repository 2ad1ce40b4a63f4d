"""The step of a layer against the API server: it is done only where nothing differs, and its run restores the rest."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from bedplate.apply.apply_layer import ApplyLayer
from bedplate.apply.ledger import Ledger
from bedplate.apply.log_files import new_log_file
from bedplate.apply.run_steps import ApplySummary, run_phases
from bedplate.apply.step import Phase
from bedplate.apply.step_progress import Progress
from bedplate.object_drift.layer_drift import read_layer_drift
from bedplate.object_drift.object_difference import Cause
from factories.api_server import ApiServer
from factories.background_programs import BackgroundProgram
from factories.pretended_bastion import use_bastion
from factories.shop_objects import account, cart, claim, definition, deny_all, quota, role, secret, service, settings
from factories.small_platform import LAYER, VERSION, SmallPlatform

Json = dict[str, Any]


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
