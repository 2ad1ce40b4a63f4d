"""Desired objects: as the stacks would send them, with values of Secrets that can be compared and not read."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from bedplate.cluster.pulumi_resources import SECRET_DIGEST
from bedplate.config.environments import Site
from bedplate.core import paths
from bedplate.kube import secret_values
from bedplate.kube.object_id import ObjectId
from bedplate.object_drift.desired_objects import read_desired
from bedplate.render.rendered import RenderedObject
from factories.render_site import make_site

Json = dict[str, Any]
SECRET = ObjectId("", "Secret", "shop", "tool")
VALUE = b"correct horse"


def _object(api: str, kind: str, **fields: Any) -> RenderedObject:
    value = {"apiVersion": api, "kind": kind, "metadata": {"name": "tool", "namespace": "shop"}, **fields}
    return RenderedObject("tool", "foundation", value)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return an environment with one secret."""
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    made = make_site(tmp_path)
    path = made.state / "secrets/tool/password"
    path.parent.mkdir(parents=True)
    path.write_bytes(VALUE)
    return made


def test_a_secret_has_the_values_that_the_cluster_would_have(site: Site) -> None:
    """References, texts and data become data; equal values are equal when hidden, and none can be read."""
    texts = {"password": {"secretRef": "tool/password"}, "user": "ada"}
    rendered = _object("v1", "Secret", stringData=texts, data={"old": "eA=="}, type="Opaque")
    desired = read_desired(site, [rendered])
    data = {
        name: base64.b64encode(text).decode() for name, text in (("password", VALUE), ("user", b"ada"), ("old", b"x"))
    }
    live = {**{key: item for key, item in rendered.object.items() if key != "stringData"}, "data": data}
    assert desired[SECRET].object == secret_values.hide(live)
    assert desired[SECRET].component == "tool"
    text = json.dumps(desired[SECRET].object)
    assert not any(value in text for value in (*data.values(), VALUE.decode()))


def test_other_objects_are_as_they_are_rendered(site: Site) -> None:
    """A Secret without values of the bastion stays, and so does an object that only looks like one."""
    plain = [_object("v1", "Secret", data={"a": "eA=="}), _object("v1", "ConfigMap", stringData={"a": "b"})]
    for rendered in plain:
        (found,) = read_desired(site, [rendered]).values()
        assert found.object == secret_values.hide(rendered.object)
        assert found.identity == rendered.identity


def test_pods_restart_with_the_secrets_that_they_read(site: Site) -> None:
    """A workload has the digest of its Secrets, which changes with their values."""
    spec = {"volumes": [{"name": "a", "secret": {"secretName": "tool"}}]}
    workload = _object("apps/v1", "Deployment", spec={"template": {"metadata": {}, "spec": spec}})
    secret = _object("v1", "Secret", stringData={"password": {"secretRef": "tool/password"}})
    digests, objects = set(), set()
    for value in (b"one", b"two"):
        (site.state / "secrets/tool/password").write_bytes(value)
        found = read_desired(site, [workload, secret])[workload.identity]
        digests.add(found.object["spec"]["template"]["metadata"]["annotations"][SECRET_DIGEST])
        objects.add(found.digest)
    assert (len(digests), len(objects)) == (2, 2)
