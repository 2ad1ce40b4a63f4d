"""What people see of a run of Pulumi, and its settings; tests/apiserver runs it."""

from __future__ import annotations

import os
import types
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from bedplate.cluster import pulumi_stack
from bedplate.cluster.stack_name import StackName
from bedplate.config.environments import Site
from bedplate.core import paths
from factories.render_site import make_site

URN = "urn:pulumi:lab::bedplate-foundation::kubernetes:core/v1:ConfigMap::core/ConfigMap/a/b"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return an environment whose state is the test's own."""
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    return make_site(tmp_path)


def _event(**fields: Any) -> Any:
    names = ("res_outputs_event", "summary_event", "diagnostic_event")
    return types.SimpleNamespace(**{name: fields.get(name) for name in names})


def _change(operation: str, kind: str = "kubernetes:core/v1:ConfigMap", urn: str = URN) -> Any:
    return _event(
        res_outputs_event=types.SimpleNamespace(metadata=types.SimpleNamespace(op=operation, type=kind, urn=urn))
    )


def _said(severity: str, message: str, urn: str | None = URN) -> Any:
    return _event(diagnostic_event=types.SimpleNamespace(severity=severity, message=message, urn=urn))


def test_changes_are_reported_as_they_are_made() -> None:
    """What is created, updated or deleted is said with the object's name; what stays, and the stack itself, is not."""
    said: list[str] = []
    listener = pulumi_stack._EventListener(said.append)
    for operation in ("create", "update", "delete", "same", "read", "refresh"):
        listener(_change(operation))
    listener(_change("create", "pulumi:pulumi:Stack"))
    assert said == [f"{operation} core/ConfigMap/a/b" for operation in ("create", "update", "delete")]
    assert listener.errors == []


def test_errors_are_collected_with_their_objects() -> None:
    """Errors are on one line and without colours; warnings and the closing words of Pulumi are left out."""
    listener = pulumi_stack._EventListener(str)  # type: ignore[arg-type]
    listener(_said("error", "<{%fg 1%}>is\n  invalid<{%reset%}>"))
    listener(_said("error", "no connection", None))
    listener(_said("error", "update failed"))
    listener(_said("error", "  "))
    listener(_said("warning", "is old"))
    assert listener.errors == ["core/ConfigMap/a/b: is invalid", "no connection"]
    error = automation.CommandError(automation.CommandResult("", "error: something else", 255))
    text = str(pulumi_stack._error(StackName("foundation"), listener, error))
    assert text.startswith("stack foundation could not be applied:\ncore/ConfigMap/a/b: is invalid\nno connection\n")
    assert "something else" not in text


@pytest.mark.parametrize(
    ("output", "expected"),
    [("line\nError: no plugin\nmore", "Error: no plugin"), ("it broke", "it broke"), ("error: 1\n" * 9, "error: 1")],
)
def test_without_an_event_the_error_has_what_pulumi_printed(output: str, expected: str) -> None:
    """The lines with an error are shown, at most five; if there is none, the end of the output."""
    error = automation.CommandError(automation.CommandResult("", output, 255))
    text = str(pulumi_stack._error(StackName("foundation"), pulumi_stack._EventListener(lambda _: None), error))
    assert expected in text
    assert text.count("error: 1") <= 5
    assert "hint: fix the cause and apply again" in text


def test_what_stays_is_no_change() -> None:
    """Objects that were created, updated, replaced or deleted count as changes, each once; Pulumi's own do not."""
    listener = pulumi_stack._EventListener(lambda _: None)
    for number, operation in enumerate(("create", "update", "delete", "same", "read", "refresh")):
        listener(_change(operation, urn=f"{URN}{number}"))
    for operation in ("create-replacement", "replace", "delete-replaced"):
        listener(_change(operation, urn=f"{URN}-replaced"))
    for kind in ("pulumi:pulumi:Stack", "pulumi:providers:kubernetes"):
        listener(_change("create", kind, f"{URN}-{kind}"))
    assert len(listener.changed) == 4


def test_pulumi_stays_offline_and_its_secrets_in_files(site: Site) -> None:
    """It asks no service, downloads no plugin, and reads its passphrase from a file of the environment."""
    folder = site.state / "pulumi"
    assert pulumi_stack.environment_variables(site) == {
        "PULUMI_BACKEND_URL": f"file://{folder}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": f"{folder}/passphrase",
        "PULUMI_HOME": f"{folder}/home",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_CREDENTIAL_STORE": "plaintext",
        "PULUMI_SUPPRESS_NEO_LINK": "true",
        "PULUMI_K8S_ENABLE_PATCH_FORCE": "true",
    }


def test_the_passphrase_is_made_once(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is long, only root can read it, and a later run keeps it; the provider is where Pulumi looks for it."""
    program = tmp_path / "pulumi-resource-kubernetes"
    program.write_text("#!/bin/sh\n")
    monkeypatch.setattr(pulumi_stack.find_program, "find_program", lambda *_: program)  # type: ignore[attr-defined]
    assert pulumi_stack.ensure_home(site) == program
    path = site.state / "pulumi/passphrase"
    first = path.read_text()
    pulumi_stack.ensure_home(site)
    assert path.read_text() == first
    assert len(first) >= 32
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    plugin = pulumi_stack.pulumi_resources.plugin_version()  # type: ignore[attr-defined]
    assert os.access(site.state / f"pulumi/home/plugins/resource-kubernetes-v{plugin}/{program.name}", os.X_OK)
