"""The steps of an apply: what makes a step run again, and what stops the apply."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bedplate.apply.apply_layer import ApplyLayer
from bedplate.apply.create_certificates import CreateCertificates
from bedplate.apply.installation import Installation
from bedplate.apply.ledger import FAILED, Ledger
from bedplate.apply.log_files import new_log_file
from bedplate.apply.run_hosts import choose_hosts
from bedplate.apply.run_steps import run_phases
from bedplate.apply.step_progress import Progress
from bedplate.apply.steps import phases
from bedplate.config import users
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.component import Component
from bedplate.config.environment_file import Environment
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.config.release import Release, ToolchainVersions
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from bedplate.hosts import preflight
from bedplate.hosts.preflight.host_finding import HostFinding
from bedplate.pki import secret_files, site_trust
from bedplate.render.rendered import RenderedObject
from bedplate.store.installed import InstalledRelease
from factories.least_environment import KNOWN

SMALL_DISK = HostFinding("disk-small", "hard", "worker1", "has 1 GB", "images need more", "give it a larger disk")


@pytest.fixture
def values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return an environment with a users file, whose state is the test's own."""
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    users.write(tmp_path / "users.yaml", users.with_user(users.Accounts(), "ada", "one", ["heads"]))
    (tmp_path / "token").write_text("one")
    return {
        **KNOWN,
        "identity": {"users": str(tmp_path / "users.yaml")},
        "tenants": [
            {"name": "physics", "owner": "ada", "groups": {"users": ["heads"]}, "namespaces": [{"name": "physics"}]}
        ],
    }


def _installation(tmp_path: Path, values: dict[str, Any]) -> Installation:
    site = Site(tmp_path / "environment", Environment.model_validate(values), ())
    tool = Component.model_validate(
        {
            "name": "tool",
            "summary": "A tool",
            "layer": "notebooks",
            "secrets": [
                {"name": "tool", "key": "users.yaml", "kind": "users"},
                {"name": "tool", "key": "token", "kind": "file", "path": str(tmp_path / "token")},
            ],
        }
    )
    release = Release(
        version="2026.11.0", toolchain=ToolchainVersions(go="go", node="node"), epoch=0, components={"tool": "1"}
    )
    catalog = Catalog(release, tmp_path, {"tool": tool}, {"tool": tmp_path})
    held = ReleaseFile(release="2026.11.0", installer="", artifacts=[], sets={})
    return Installation(site, catalog, InstalledRelease(tmp_path, held, ()))


def _remove_user(tmp_path: Path, _: dict[str, Any]) -> None:
    users.write(tmp_path / "users.yaml", users.Accounts())


def _new_password(tmp_path: Path, _: dict[str, Any]) -> None:
    path = tmp_path / "users.yaml"
    users.write(path, users.with_user(users.read(path), "ada", "two", ["heads"]))


def _new_token(tmp_path: Path, _: dict[str, Any]) -> None:
    (tmp_path / "token").write_text("two")


def _new_group(_: Path, values: dict[str, Any]) -> None:
    values["tenants"][0]["groups"] = {"users": ["heads", "hands"]}


def _new_domain(_: Path, values: dict[str, Any]) -> None:
    values["domain"] = "other.bedplate.test"


@pytest.mark.parametrize("change", [_remove_user, _new_password, _new_token, _new_group, _new_domain])
def test_a_changed_input_of_secrets_creates_them_again(
    tmp_path: Path, values: dict[str, Any], change: Callable[[Path, dict[str, Any]], None]
) -> None:
    """The step's key changes with a removed user, another password, another file, group or domain."""
    before = CreateCertificates(_installation(tmp_path, values)).key()
    assert CreateCertificates(_installation(tmp_path, values)).key() == before
    change(tmp_path, values)
    assert CreateCertificates(_installation(tmp_path, values)).key() != before


def test_the_key_of_the_step_reveals_no_secret(tmp_path: Path, values: dict[str, Any]) -> None:
    """The same files under another environment's key give another key: values cannot be guessed from the ledger."""
    before = CreateCertificates(_installation(tmp_path, values)).key()
    (paths.environment_states() / "here" / "pulumi" / "hmac.key").unlink()
    assert CreateCertificates(_installation(tmp_path, values)).key() != before


def _layer_key(installation: Installation, objects: list[RenderedObject]) -> str:
    """Return the key of a layer with these objects in another run."""
    another = Installation(installation.site, installation.catalog, installation.installed)
    another.__dict__["objects"] = objects
    return ApplyLayer(another, "notebooks").key()


def test_a_layer_is_applied_again_if_an_object_or_a_secret_changed(tmp_path: Path, values: dict[str, Any]) -> None:
    """The key of its step changes with the value of a secret that an object refers to, and shows no value."""
    installation = _installation(tmp_path, values)
    site_trust.ensure_trust(installation.site)
    components = list(installation.catalog.components.values())
    secret_files.ensure_secrets(installation.site, components)
    objects = [_object({"stringData": {"token": {"secretRef": "tool/token"}}})]
    before = _layer_key(installation, objects)
    assert _layer_key(installation, objects) == before
    assert _layer_key(installation, [_object({"stringData": {"token": {"secretRef": "tool/users.yaml"}}})]) != before
    _new_token(tmp_path, values)
    secret_files.ensure_secrets(installation.site, components)
    assert _layer_key(installation, objects) != before


def _object(more: dict[str, Any]) -> RenderedObject:
    value = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tool", "namespace": "tool"}, **more}
    return RenderedObject("tool", "notebooks", value)


def test_a_hard_finding_stops_the_whole_apply(
    tmp_path: Path, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No later step begins, and the error has the host, the fact and what to do."""
    monkeypatch.setattr(preflight, "run", lambda *_, **__: [SMALL_DISK])
    installation = _installation(tmp_path, values)
    worker = Host.model_validate({"name": "worker1", "address": "198.18.0.11", "groups": ("workers",)})
    installation = replace(installation, site=replace(installation.site, hosts=(worker,)))
    ledger = Ledger(installation.site.ledger)
    ordered = phases(installation, choose_hosts(installation.site, ledger.hosts), is_installed=False)
    try:
        with Progress(1, Console(file=io.StringIO())) as progress, pytest.raises(BedplateError) as caught:
            run_phases(ordered, ledger, progress, new_log_file(installation.logs), release="2026.11.0")
        assert [(row.step, row.outcome) for row in ledger.steps()] == [("preflight", FAILED)]
    finally:
        ledger.close()
    assert "worker1: has 1 GB (disk-small). give it a larger disk" in str(caught.value)
    assert {step.id for phase in ordered for step in phase.steps} > {"preflight", "trust", "hosts", "layer-foundation"}
