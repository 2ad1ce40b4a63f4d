"""Drift: desired, last applied and live objects compared; live ones are shaped as an API server gives them."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bedplate import digest
from bedplate.bundle.reference_site import reference_site
from bedplate.diff import secret
from bedplate.diff.change import ByKey, shown
from bedplate.diff.side import Thing
from bedplate.drift import last, objects
from bedplate.drift.difference import Cause, Drift, HostDifference, ObjectDifference
from bedplate.drift.ownership import Ownership
from bedplate.environments import Site
from bedplate.render import identity
from bedplate.render.identity import Identity
from bedplate.tools import ansible, pulumi

Json = dict[str, Any]
NIGHT = "2026-11-22T03:14:00Z"

DEPLOYMENT: Json = yaml.safe_load("""
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: {bedplate.dev/component: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: example.test/web:1
        resources: {limits: {cpu: 1000m}}
        ports: [{containerPort: 8080}]
""")
OURS: Json = yaml.safe_load("""
f:metadata: {f:labels: {f:bedplate.dev/component: {}}}
f:spec:
  f:replicas: {}
  f:selector: {}
  f:template:
    f:metadata: {f:labels: {f:app: {}}}
    f:spec:
      f:containers:
        'k:{"name":"web"}':
          .: {}
          f:name: {}
          f:image: {}
          f:resources: {f:limits: {f:cpu: {}}}
          f:ports:
            'k:{"containerPort":8080,"protocol":"TCP"}': {.: {}, f:containerPort: {}}
""")
SERVER: Json = yaml.safe_load("""
metadata: {uid: 1-2, resourceVersion: "7", generation: 1, creationTimestamp: "2026-11-21T00:00:00Z"}
spec:
  progressDeadlineSeconds: 600
  revisionHistoryLimit: 10
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}
  template:
    metadata: {creationTimestamp: null}
    spec:
      dnsPolicy: ClusterFirst
      restartPolicy: Always
      schedulerName: default-scheduler
      securityContext: {}
      terminationGracePeriodSeconds: 30
status: {readyReplicas: 2}
""")
CONTAINER: Json = {
    "imagePullPolicy": "IfNotPresent",
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}


def merged(one: Json, other: Json) -> Json:
    """Return a mapping with another's values laid over it."""
    both = copy.deepcopy(one)
    for key, value in other.items():
        known = both.get(key)
        both[key] = merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return both


def entry(manager: str, fields: Json, operation: str = "Update", **more: str) -> Json:
    """Return an entry of managedFields."""
    return {"manager": manager, "operation": operation, "time": NIGHT, "fieldsV1": fields, **more}


def live(*entries: Json, ours: Json = OURS) -> Json:
    """Return the deployment as the API server gives it."""
    value = merged(DEPLOYMENT, SERVER)
    (container,) = value["spec"]["template"]["spec"]["containers"]
    container |= CONTAINER
    container["resources"] = {"limits": {"cpu": "1"}}
    container["ports"][0]["protocol"] = "TCP"
    status = entry("kube-controller-manager", {"f:status": {"f:readyReplicas": {}}}, subresource="status")
    value["metadata"]["managedFields"] = [entry("bedplate", ours, "Apply"), status, *entries]
    return value


def without(fields: Json, *path: str) -> Json:
    """Return a set of fields without one of them."""
    changed = copy.deepcopy(fields)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return changed


def compared(desired: list[Json], applied: list[Json], there: list[Json]) -> list[ObjectDifference]:
    """Return what drift says of some objects."""
    return objects.compare(
        {identity.of(one): _thing(one) for one in desired},
        {identity.of(one): secret.hide(one) for one in applied},
        {identity.of(one): secret.hide(one) for one in there},
    )


def _thing(value: Json) -> Thing:
    value = secret.hide(value)
    return Thing(identity.of(value), digest.of(value), value, "shop")


def said(found: list[ObjectDifference]) -> list[tuple[str, str, Any, Any, Any, str]]:
    """Return the differences in short."""
    return [
        (str(one.cause), shown(one.path), one.applied, one.live, one.desired, one.writer.manager if one.writer else "")
        for one in found
    ]


def test_what_the_server_adds_is_no_drift() -> None:
    """Defaults, status, quantities in another form and Pulumi's own annotations differ from nothing."""
    pulumi_s = merged(DEPLOYMENT, {"metadata": {"annotations": {"pulumi.com/patchFieldManager": "bedplate"}}})
    assert compared([DEPLOYMENT], [pulumi_s], [live()]) == []
    assert compared([DEPLOYMENT], [], [live()]) == []


def test_a_value_changed_by_hand() -> None:
    """It is told with who changed it and when."""
    ours = without(OURS, "f:spec", "f:replicas")
    there = live(entry("kubectl", {"f:spec": {"f:replicas": {}}}, subresource="scale"), ours=ours)
    there["spec"]["replicas"] = 9
    (found,) = compared([DEPLOYMENT], [DEPLOYMENT], [there])
    assert said([found]) == [("changed", "spec.replicas", 2, 9, 2, "kubectl")]
    assert found.writer is not None
    assert found.writer.time == NIGHT
    assert (found.component, str(found.identity)) == ("shop", "apps/Deployment/shop/web")


def test_a_value_added_by_hand_or_by_a_controller() -> None:
    """What a person adds is drift; what a controller adds is its work."""
    fields: Json = {"f:spec": {"f:template": {"f:metadata": {"f:annotations": {".": {}, "f:restartedAt": {}}}}}}
    for manager, expected in (("kubectl-rollout", 1), ("kube-controller-manager", 0)):
        there = live(entry(manager, fields))
        there["spec"]["template"]["metadata"]["annotations"] = {"restartedAt": "now"}
        found = compared([DEPLOYMENT], [DEPLOYMENT], [there])
        assert len(found) == expected
        assert [one.writer.manager for one in found if one.writer] == [manager] * expected


def test_a_value_removed_by_hand() -> None:
    """Nobody owns what is gone: the last who wrote to the object is named."""
    there = live(entry("kubectl-edit", {"f:spec": {"f:paused": {}}}), ours=without(OURS, "f:metadata"))
    there["metadata"]["labels"] = {}
    ((cause, path, *_, writer),) = said(compared([DEPLOYMENT], [DEPLOYMENT], [there]))
    assert (cause, writer) == ("changed", "kubectl-edit")
    assert path.startswith("metadata.labels")


def test_what_the_next_apply_brings_is_pending() -> None:
    """A change of the environment since the last apply is no drift."""
    wanted = merged(DEPLOYMENT, {"spec": {"replicas": 3}})
    assert said(compared([wanted], [DEPLOYMENT], [live()])) == [("pending", "spec.replicas", 2, 2, 3, "")]


def test_drift_and_pending_meet() -> None:
    """What was changed by hand and will be changed is told once; what is as it will be, not at all."""
    ours = without(OURS, "f:spec", "f:replicas")
    there = live(entry("kubectl", {"f:spec": {"f:replicas": {}}}), ours=ours)
    there["spec"]["replicas"] = 9
    wanted = merged(DEPLOYMENT, {"spec": {"replicas": 3}})
    assert said(compared([wanted], [DEPLOYMENT], [there])) == [("changed", "spec.replicas", 2, 9, 3, "kubectl")]
    wanted["spec"]["replicas"] = 9
    assert compared([wanted], [DEPLOYMENT], [there]) == []


@pytest.mark.parametrize(
    ("desired", "applied", "there", "expected"),
    [
        ([DEPLOYMENT], [DEPLOYMENT], [], [Cause.DELETED]),
        ([DEPLOYMENT], [], [], [Cause.PENDING]),
        ([], [DEPLOYMENT], [live()], [Cause.PENDING]),
        ([], [DEPLOYMENT], [], []),
        ([], [], [live(entry("kubectl-create", {}))], [Cause.FOREIGN]),
        ([], [], [live()], []),
        ([], [], [merged(live(entry("kubectl", {})), {"metadata": {"labels": {"bedplate.dev/component": ""}}})], []),
        ([], [], [merged(live(entry("x", {})), {"metadata": {"ownerReferences": [{"kind": "X"}]}})], []),
    ],
)
def test_whole_objects(desired: list[Json], applied: list[Json], there: list[Json], expected: list[Cause]) -> None:
    """Deleted by somebody, not there yet, to be removed, made by somebody under our label, and not ours."""
    assert [one.cause for one in compared(desired, applied, there)] == expected


SECRET: Json = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "s", "namespace": "shop"},
    "data": {"password": "aHVzaA==", "user": "bWU="},
}
ENCRYPTED = {last.SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:xyz"}


def _secret(data: Json, owner: str = "bedplate") -> Json:
    fields: Json = {"f:data": {f"f:{key}": {} for key in data}}
    return {**SECRET, "data": data, "metadata": {**SECRET["metadata"], "managedFields": [entry(owner, fields)]}}


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (_secret(SECRET["data"]), []),
        (_secret({**SECRET["data"], "password": "b3RoZXI="}), [("pending", "data.password")]),
        (_secret({**SECRET["data"], "password": "b3RoZXI="}, "kubectl-edit"), [("changed", "data.password")]),
        (_secret({"user": "bWU="}, "kubectl-edit"), [("changed", "data.password")]),
        (_secret({**SECRET["data"], "more": "eA=="}, "kubectl-edit"), [("changed", "data.more")]),
    ],
)
@pytest.mark.parametrize("kept", ["each value", "whole", "as text"])
def test_secrets(there: Json, expected: list[tuple[str, str]], kept: str, state: Site) -> None:
    """The state keeps values encrypted, one by one or all in one: the cluster's fields tell who changed one."""
    data = {
        "each value": {"data": dict.fromkeys(SECRET["data"], ENCRYPTED)},
        "whole": {"data": ENCRYPTED},
        "as text": {"data": None, "stringData": ENCRYPTED},
    }
    _write_state(state, {**SECRET, **data[kept]})
    applied = last.read(state, ["one"])
    there_by = {identity.of(there): secret.hide(there)}
    found = objects.compare({identity.of(SECRET): _thing(SECRET)}, applied, there_by)
    assert [one[:2] for one in said(found)] == expected
    text = json.dumps([one.as_json() for one in found])
    assert not [value for value in ("aHVzaA", "hush", "b3RoZXI", "other", secret.TOKEN) if value in text]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Give a site whose states lie in a folder of the test."""
    monkeypatch.setattr(pulumi, "checkpoint", lambda _, layer: tmp_path / f"{layer}.json")
    monkeypatch.setattr("bedplate.place.STATE", tmp_path)
    return dataclasses.replace(reference_site("2026.11.0", []), folder=tmp_path)


def _write_state(site: Site, *values: Json) -> None:
    resources = [
        {"type": "pulumi:pulumi:Stack"},
        {"type": "pulumi:providers:kubernetes", "inputs": {"kubeconfig": "x"}},
        *({"type": "kubernetes:core/v1:X", "inputs": {**value, "__fieldManager": "x"}} for value in values),
    ]
    checkpoint = {"version": 3, "checkpoint": {"latest": {"resources": resources}}}
    (site.folder / "one.json").write_text(json.dumps(checkpoint))


def test_the_state_tells_what_was_applied(state: Site) -> None:
    """Objects come out of the stack's state without Pulumi's own keys; a layer without a state has none."""
    _write_state(state, DEPLOYMENT)
    assert last.read(state, ["one", "two"]) == {Identity("apps", "Deployment", "shop", "web"): DEPLOYMENT}


def test_owners_of_a_list_s_element() -> None:
    """An element is found by its keys, whatever else the server counts among them."""
    owners = Ownership(live(entry("kubectl-edit", {"f:spec": {"f:x": {"i:0": {}}}})), "bedplate")
    container = ("spec", "template", "spec", "containers", ByKey((("name", "web"),)))
    assert owners.is_ours((*container, "image"))
    assert owners.is_ours((*container, "ports", ByKey((("containerPort", 8080),)), "containerPort"))
    assert owners.is_ours(("spec", "selector", "matchLabels", "app"))
    assert not owners.is_ours((*container, "args"))
    assert not owners.is_ours(("spec", "template", "spec", "containers", ByKey((("name", "other"),))))
    assert [one.manager for one in owners.others(("spec", "x", 0))] == ["kubectl-edit"]


RESULTS: dict[str, tuple[Json, str]] = {
    "text": (
        {"diff": [{"before": "a\nb\n", "after": "a\nc\n", "before_header": "/etc/x", "after_header": "/etc/x"}]},
        "--- /etc/x\n+++ /etc/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c",
    ),
    "prepared": ({"diff": {"prepared": "- one\n+ two\n"}}, "- one\n+ two"),
    "mapping": ({"diff": {"before": {"mode": "0600"}, "after": {"mode": "0644"}}}, "-mode: '0600'\n+mode: '0644'"),
    "loop": (
        {"results": [{"changed": True, "diff": [{"prepared": "x"}]}, {"changed": False, "diff": [{"prepared": "y"}]}]},
        "x",
    ),
    "hidden": ({"censored": "hidden due to no_log", "diff": [{"prepared": "secret"}]}, ""),
    "silent": ({}, ""),
}


@pytest.mark.parametrize("name", RESULTS)
def test_what_a_task_tells(name: str) -> None:
    """Ansible's forms of a difference become lines; what carries secrets is left out."""
    result, expected = RESULTS[name]
    played = ansible.PlayResult()
    take = ansible._listener(played, lambda _: None, lambda _: None)
    take({"event": "runner_on_ok", "event_data": {"host": "a", "task": "t", "res": {"changed": True, **result}}})
    (told,) = played.told
    assert (told.host, told.task) == ("a", "t")
    assert told.text.endswith(expected)
    assert bool(told.text) == bool(expected)


def test_pending_alone_is_no_drift() -> None:
    """Only what somebody else did counts."""
    pending = HostDifference("a", Cause.PENDING, "t")
    assert not Drift("x", "1", hosts=(pending,)).is_drifted
    assert Drift("x", "1", hosts=(HostDifference("a", Cause.CHANGED, "t"),)).is_drifted
    key = Identity("", "Pod", "a", "b")
    assert not Drift("x", "1", objects=(ObjectDifference(key, Cause.PENDING),)).is_drifted
    assert Drift("x", "1", objects=(ObjectDifference(key, Cause.DELETED),)).is_drifted
