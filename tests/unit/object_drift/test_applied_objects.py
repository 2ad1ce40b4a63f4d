"""Applied objects, read from the stacks' states, where secrets are encrypted."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from bedplate.cluster import stack_state
from bedplate.cluster.stack_name import StackName
from bedplate.config.environments import Site
from bedplate.kube import object_id, secret_values
from bedplate.kube.object_id import ObjectId
from bedplate.object_drift import applied_objects, compare_objects
from bedplate.render.reference_site import reference_site
from factories.live_objects import DEPLOYMENT, Json, entry, resource, said

SECRET: Json = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "s", "namespace": "shop"},
    "data": {"password": "aHVzaA==", "user": "bWU="},
}
ENCRYPTED = {applied_objects.SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:xyz"}


def _secret(data: Json, owner: str = "bedplate") -> Json:
    fields: Json = {"f:data": {f"f:{key}": {} for key in data}}
    return {**SECRET, "data": data, "metadata": {**SECRET["metadata"], "managedFields": [entry(owner, fields)]}}


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        (_secret(SECRET["data"]), []),
        (_secret({**SECRET["data"], "password": "b3RoZXI="}), [("pending", "data.password")]),
        (_secret({**SECRET["data"], "password": "b3RoZXI="}, "kubectl-edit"), [("changed", "data.password")]),
        (_secret({"user": "bWU="}, "kubectl-edit"), [("changed", "data.password")]),
        (_secret({**SECRET["data"], "more": "eA=="}, "kubectl-edit"), [("changed", "data.more")]),
    ],
)
@pytest.mark.parametrize("kept", ["each value", "whole", "as text"])
def test_secrets(current: Json, expected: list[tuple[str, str]], kept: str, state: Site) -> None:
    """The state encrypts values, each alone or all together; managedFields show who changed one."""
    data: dict[str, Json] = {
        "each value": {"data": dict.fromkeys(SECRET["data"], ENCRYPTED)},
        "whole": {"data": ENCRYPTED},
        "as text": {"data": None, "stringData": ENCRYPTED},
    }
    _write_state(state, {**SECRET, **data[kept]})
    applied = applied_objects.read_applied(state)
    live = {object_id.of(current): secret_values.hide(current)}
    differences = compare_objects.compare_objects({object_id.of(SECRET): resource(SECRET)}, applied, live)
    assert [words[:2] for words in said(differences)] == expected
    text = json.dumps([difference.as_json() for difference in differences])
    assert not [value for value in ("aHVzaA", "hush", "b3RoZXI", "other", secret_values.TOKEN) if value in text]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return a site whose stack states are in a folder of the test."""
    monkeypatch.setattr("bedplate.core.paths.STATE", tmp_path)
    return dataclasses.replace(reference_site("2026.11.0", []), folder=tmp_path)


def _write_state(site: Site, *values: Json) -> None:
    resources = [
        {"type": "pulumi:pulumi:Stack"},
        {"type": "pulumi:providers:kubernetes", "inputs": {"kubeconfig": "x"}},
        *({"type": "kubernetes:core/v1:X", "inputs": {**value, "__fieldManager": "x"}} for value in values),
    ]
    checkpoint = {"version": 3, "checkpoint": {"latest": {"resources": resources}}}
    path = stack_state.state_file(site, StackName("one", "shop"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(checkpoint))


def test_the_state_has_what_was_applied(state: Site) -> None:
    """Objects are read from the stacks' states without Pulumi's own keys; without a state there are none."""
    assert applied_objects.read_applied(state) == {}
    _write_state(state, DEPLOYMENT)
    assert applied_objects.read_applied(state) == {ObjectId("apps", "Deployment", "shop", "web"): DEPLOYMENT}
