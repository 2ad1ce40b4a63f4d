"""The keys of all steps of an apply: a changed input makes exactly the steps run again that depend on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from bedplate.apply import apply_layer, play_step
from bedplate.apply.installation import Installation
from bedplate.apply.run_hosts import choose_hosts
from bedplate.apply.steps import phases
from bedplate.config.hosts import Host
from bedplate.store import mirror_tree
from factories.host_release import release_file
from factories.render_installation import make_installation, use_state
from factories.render_site import ENVIRONMENT

ORDER = [
    "preflight", "trust", "mirror-tree", "mirror", "hosts", "control-plane", "workers",
    "namespaces", "layer-foundation", "layer-monitoring", "layer-notebooks",
]  # fmt: skip
PLAYS = {"mirror", "hosts", "control-plane", "workers"}
LAYERS = {"layer-foundation", "layer-monitoring", "layer-notebooks"}
TENANT = {"name": "new", "owner": "n@site.bedplate.test", "groups": {"users": ["n"]}, "namespaces": [{"name": "new"}]}
Change = Callable[[Path, pytest.MonkeyPatch], Installation]


def _keys(installation: Installation) -> dict[str, str]:
    hosts = choose_hosts(installation.site, None)
    return {step.id: step.key() for phase in phases(installation, hosts, is_installed=False) for step in phase.steps}


def _nothing(folder: Path, _: pytest.MonkeyPatch) -> Installation:
    return make_installation(folder)


def _tenant(folder: Path, _: pytest.MonkeyPatch) -> Installation:
    return make_installation(folder, tenants=[*ENVIRONMENT["tenants"], TENANT])


def _accepted_finding(folder: Path, _: pytest.MonkeyPatch) -> Installation:
    return make_installation(folder, preflight={"accept": [{"id": "disk-small", "reason": "known"}]})


def _retention(folder: Path, _: pytest.MonkeyPatch) -> Installation:
    return make_installation(folder, monitoring={"retention": "3d"})


def _idle(folder: Path, _: pytest.MonkeyPatch) -> Installation:
    return make_installation(folder, notebooks={"idle": "1h"})


def _time_server(folder: Path, _: pytest.MonkeyPatch) -> Installation:
    return make_installation(folder, time={"servers": ["ntp.site.bedplate.test"]})


def _domain(folder: Path, _: pytest.MonkeyPatch) -> Installation:
    return make_installation(folder, domain="other.bedplate.test")


def _worker(folder: Path, _: pytest.MonkeyPatch) -> Installation:
    installation = make_installation(folder)
    worker = Host.model_validate({"name": "worker2", "address": "198.18.7.13", "groups": ("workers",)})
    site = dataclasses.replace(installation.site, hosts=(*installation.site.hosts, worker))
    return dataclasses.replace(installation, site=site)


def _secret(folder: Path, _: pytest.MonkeyPatch) -> Installation:
    installation = make_installation(folder)
    (installation.site.state / "secrets/hub/cookie-secret").write_text("0" * 64)
    return installation


def _package(folder: Path, _: pytest.MonkeyPatch) -> Installation:
    installation = make_installation(folder)
    return make_installation(folder, release_file(installation.catalog, version="1:2.0-4"))


def _image(folder: Path, _: pytest.MonkeyPatch) -> Installation:
    release = make_installation(folder).release_file
    changed = [
        one.model_copy(update={"sha256": "f" * 64}) if "prometheus/prometheus:" in one.id else one
        for one in release.artifacts
    ]
    assert changed != release.artifacts
    return make_installation(folder, release.model_copy(update={"artifacts": changed}))


def _installer(folder: Path, patch: pytest.MonkeyPatch) -> Installation:
    for module in (apply_layer, play_step):
        patch.setattr(module, "installer_digest", lambda: "another")
    return make_installation(folder)


def _authority(folder: Path, _: pytest.MonkeyPatch) -> Installation:
    installation = make_installation(folder)
    (folder / "pki/ca.crt").write_text("-----BEGIN CERTIFICATE-----\nanother\n")
    return installation


def _stored_release(folder: Path, patch: pytest.MonkeyPatch) -> Installation:
    installation = make_installation(folder)
    patch.setattr(mirror_tree, "store_releases", lambda: [installation.release_file])
    return installation


CHANGES: dict[Change, set[str]] = {
    _nothing: set(),
    _accepted_finding: {"preflight"},
    _tenant: {"preflight", "trust", "namespaces", *LAYERS},
    _retention: {"preflight", "layer-monitoring"},
    _idle: {"preflight", "layer-notebooks"},
    _time_server: {"preflight", *PLAYS},
    _domain: {"preflight", "trust", *PLAYS, "layer-foundation", "layer-notebooks"},
    _worker: {"preflight", "hosts", "control-plane", "workers", "layer-foundation"},
    _secret: {"layer-notebooks"},
    _authority: {*PLAYS, "layer-foundation"},
    _package: PLAYS,
    _image: {"layer-monitoring"},
    _installer: {*PLAYS, *LAYERS},
    _stored_release: {"mirror-tree"},
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.items(), ids=[one.__name__.strip("_") for one in CHANGES])
def test_a_change_concerns_the_steps_that_depend_on_it(
    change: Change, expected: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys of these steps differ, and those of all others stay."""
    use_state(tmp_path / "state", monkeypatch)
    monkeypatch.setattr(mirror_tree, "store_releases", list)
    before = _keys(make_installation(tmp_path / "site"))
    assert [*before] == ORDER
    assert len(set(before.values())) == len(ORDER)
    after = _keys(change(tmp_path / "site", monkeypatch))
    assert {step for step in ORDER if before[step] != after[step]} == expected
