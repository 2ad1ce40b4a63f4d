"""Drift of a layer's objects, as the probe of its step reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bedplate.cluster import stack_state
from bedplate.cluster.stack_name import StackName
from bedplate.config.environments import Site
from bedplate.core import paths
from bedplate.kube.object_id import ObjectId
from bedplate.object_drift import live_objects
from bedplate.object_drift.field_owners import FieldWriter
from bedplate.object_drift.layer_drift import read_layer_drift
from bedplate.object_drift.object_difference import Cause, ObjectDifference
from bedplate.render.rendered import RenderedObject
from factories.render_site import make_site

Json = dict[str, Any]
PODS: Json = {"template": {"metadata": {}, "spec": {}}}
READY = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}


def _object(kind: str, name: str, **fields: Any) -> Json:
    api = "apps/v1" if kind == "Deployment" else "v1"
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **fields}


def _id(kind: str, name: str) -> ObjectId:
    return ObjectId("apps" if kind == "Deployment" else "", kind, "shop", name)


def test_missing_unready_and_leaving_objects_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the layer's own objects count: which are missing, are not ready, or are being deleted."""
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    asked: list[set[tuple[str, str]]] = []
    rendered = [
        *(_object("Deployment", name, spec=PODS) for name in ("ready", "starting")),
        *(_object("ConfigMap", name, data={}) for name in ("same", "missing", "leaving")),
    ]
    live = {
        _id("Deployment", "ready"): _object("Deployment", "ready", spec=PODS, status=READY),
        _id("Deployment", "starting"): _object("Deployment", "starting", spec=PODS),
        _id("ConfigMap", "same"): _object("ConfigMap", "same", data={}),
        _id("ConfigMap", "leaving"): _object("ConfigMap", "leaving", data={}),
        _id("ConfigMap", "of-another-layer"): _object("ConfigMap", "of-another-layer", data={}),
    }
    live[_id("ConfigMap", "leaving")]["metadata"]["deletionTimestamp"] = "2026-11-28T00:00:00Z"

    def read_live(_: Site, kinds: set[tuple[str, str]]) -> dict[ObjectId, Json]:
        asked.append(set(kinds))
        return live

    monkeypatch.setattr(live_objects, "read_live", read_live)
    last = {StackName("foundation", "shop"): {_id("ConfigMap", "missing"): rendered[3]}}
    last[StackName("notebooks", "hub")] = {_id("ConfigMap", "of-another-layer"): rendered[3]}
    monkeypatch.setattr(stack_state, "applied", lambda _: last)
    objects = [RenderedObject("shop", "foundation", one) for one in rendered]
    others = [RenderedObject("shop", "notebooks", _object("ConfigMap", "of-another-layer", data={}))]
    found = read_layer_drift(make_site(tmp_path), [*objects, *others], "foundation")
    assert asked == [{("apps", "Deployment"), ("", "ConfigMap")}]
    assert [(one.cause, one.identity.name) for one in found.differences] == [(Cause.DELETED, "missing")]
    assert found.applied == last
    assert set(found.unready) == {_id("Deployment", "starting"), _id("ConfigMap", "leaving")}
    assert found.live.keys() == live.keys() - {_id("ConfigMap", "of-another-layer")}


def test_a_difference_for_programs_has_everything() -> None:
    """Each field of a difference is in its JSON, with the writer's name and time."""
    writer = FieldWriter("kubectl-edit", "2026-11-28T00:00:00Z")
    path = ("data", "k")
    found = ObjectDifference(
        _id("ConfigMap", "same"), Cause.CHANGED, path, "applied", "live", "desired", writer, "tool"
    )
    assert found.as_json() == {
        "object": "core/ConfigMap/shop/same",
        "component": "tool",
        "cause": "changed",
        "path": "data.k",
        "applied": "applied",
        "live": "live",
        "desired": "desired",
        "by": "kubectl-edit",
        "time": "2026-11-28T00:00:00Z",
    }
    alone = ObjectDifference(_id("ConfigMap", "same"), Cause.DELETED).as_json()
    assert (alone["path"], alone["by"], alone["time"]) == ("", "", "")
