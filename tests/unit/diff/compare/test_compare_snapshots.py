"""What counts as a change between two objects, two sets of objects and two hosts."""

from __future__ import annotations

import base64
import copy
import datetime as dt
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

import factories
from bedplate.config.host_spec import HostSpec
from bedplate.diff.compare.compare_snapshots import compare
from bedplate.kube.change import Action, Change, ObjectChange, path_text
from bedplate.kube.snapshot import Snapshot
from factories.diff_objects import Object, definition, snapshot_of

TABLE = yaml.safe_load((factories.DATA / "diff/semantics.yaml").read_text())


def placed(base: str, at: str, value: Any) -> Object:
    """Return a base object with a value at a path; a mapping is merged with the one there."""
    result: Object = copy.deepcopy(TABLE["bases"][base])
    where, steps = result, at.split(".") if at else []
    for step in steps[:-1]:
        where = where.setdefault(step, {})
    if not steps:
        return {**result, **value}
    there = where.get(steps[-1])
    where[steps[-1]] = {**there, **value} if isinstance(there, dict) and isinstance(value, dict) else value
    return result


def said(change: Change) -> str:
    """Return a change in one line."""
    note = f" ({change.note})" if change.note else ""
    return f"{change.action} {path_text(change.path)}: {change.old} -> {change.new}{note}"


def changes(old: Object, new: Object, *more: Object) -> list[str]:
    """Return what differs between two states of one object; ``more`` is in both snapshots."""
    found = compare(snapshot_of([old, *more]), snapshot_of([new, *more])).objects
    return [said(change) for one in found for change in one.changes]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in TABLE["cases"]])
def test_what_counts_as_a_change(case: dict[str, Any]) -> None:
    """Each row of the table has exactly these changes."""
    old, new = (placed(case["base"], case["at"], case[key]) for key in ("old", "new"))
    assert changes(old, new) == case["changes"]


def widget(spec: Object) -> Object:
    """Return an object of the kind that diff_objects.definition defines."""
    return {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "w", "namespace": "lab"},
        "spec": spec,
    }


def test_lists_of_a_custom_kind_are_compared_by_its_definition() -> None:
    """x-kubernetes-list-map-keys, list-type set, defaults and quantities of a definition are applied."""
    quantity = {"x-kubernetes-int-or-string": True, "pattern": r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))([KMGTPE]i)?$"}
    crd = definition({
        "pools": {"type": "array", "items": {"type": "object", "properties": {"size": quantity}},
                  "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["zone", "rack"]},
        "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "mode": {"type": "string", "default": "fast"},
    })  # fmt: skip
    old = widget({"pools": [{"zone": "a", "rack": 1, "size": "1Gi"}, {"zone": "a", "rack": 2}], "tags": ["x", "y"]})
    new = widget({"pools": [{"zone": "a", "rack": 2, "n": 1}, {"zone": "a", "rack": 1, "size": "1024Mi"}],
                  "tags": ["y", "x"], "mode": "fast"})  # fmt: skip
    assert changes(old, new, crd) == ["added spec.pools[zone=a,rack=2].n: None -> 1"]


def config_map(name: str, namespace: str = "lab", **data: str) -> Object:
    """Return a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


DATA = {f"key{number}": f"value{number}" for number in range(5)}


def actions(old: list[Object], new: list[Object]) -> list[tuple[str, str, str]]:
    """Return action, old name and new name of what differs."""
    return [
        (one.action.value, name_of(one, "old"), name_of(one, "new"))
        for one in compare(snapshot_of(old), snapshot_of(new)).objects
    ]


def name_of(change: ObjectChange, which: str) -> str:
    """Return the name of an object before or after; empty if there is none."""
    resource = change.old if which == "old" else change.new
    return resource.identity.name if resource else ""


RENAMES = {
    "a plain rename": ([config_map("a", **DATA)], [config_map("b", **DATA)], [("renamed", "a", "b")]),
    "a rename with a change": (
        [config_map("a", **DATA)],
        [config_map("b", **DATA | {"key0": "other"})],
        [("renamed", "a", "b")],
    ),
    "a hash suffix, mostly different content": (
        [config_map("web-7f9c8d6b5", **DATA)],
        [config_map("web-5d8kh7m2tf", **dict.fromkeys(DATA, "new") | {"key0": "value0"})],
        [("renamed", "web-7f9c8d6b5", "web-5d8kh7m2tf")],
    ),
    "a hash suffix, and one completely different file": (
        [config_map("web-7f9c8d6b5k", **{"app.conf": "a=1"})],
        [config_map("web-5d8kh7m2tf", **{"app.conf": "b=2"})],
        [("renamed", "web-7f9c8d6b5k", "web-5d8kh7m2tf")],
    ),
    "a hash suffix, and two candidates": (
        [config_map("web-7f9c8d6b5k", a="1")],
        [config_map("web-5d8kh7m2tf", b="2"), config_map("web-2b4k6m8h5g", c="3")],
        [("added", "", "web-2b4k6m8h5g"), ("added", "", "web-5d8kh7m2tf"), ("removed", "web-7f9c8d6b5k", "")],
    ),
    "one long file with a line that differs": (
        [config_map("a", **{"app.conf": "a=1\nb=2\nc=3\nd=4\n"})],
        [config_map("b", **{"app.conf": "a=1\nb=2\nc=3\nd=5\n"})],
        [("renamed", "a", "b")],
    ),
    "a word after a similar name, and nothing in common": (
        [config_map("web-settings", a="1")],
        [config_map("web-colours", b="2")],
        [("added", "", "web-colours"), ("removed", "web-settings", "")],
    ),
    "nothing in common": (
        [config_map("a", **DATA)],
        [config_map("b", x="1", y="2", z="3")],
        [("removed", "a", ""), ("added", "", "b")],
    ),
    "another namespace": (
        [config_map("a", **DATA)],
        [config_map("b", "other", **DATA)],
        [("removed", "a", ""), ("added", "", "b")],
    ),
    "the more similar one": (
        [config_map("a", **DATA)],
        [config_map("b", **DATA | {"key0": "x"}), config_map("c", **DATA)],
        [("added", "", "b"), ("renamed", "a", "c")],
    ),
    "almost empty objects are all similar": (
        [config_map("blue", a="1")],
        [config_map("red", a="1")],
        [("removed", "blue", ""), ("added", "", "red")],
    ),
    "an almost empty object with a similar name": (
        [config_map("agent-one", a="1")],
        [config_map("agent-two", a="1")],
        [("renamed", "agent-one", "agent-two")],
    ),
}


@pytest.mark.parametrize("name", RENAMES)
def test_a_rename_is_one_change(name: str) -> None:
    """A removed and an added object are one rename only if their content is similar."""
    old, new, expected = RENAMES[name]
    assert actions(old, new) == expected


def test_a_rename_contains_only_the_changes_of_the_content() -> None:
    """The name is the rename itself; other changes are listed as usual."""
    (one,) = compare(
        snapshot_of([config_map("web-7f9c8d6b5", **DATA)]),
        snapshot_of([config_map("web-8d5f2c6b4", **DATA | {"key0": "x"})]),
    ).objects
    assert one.action is Action.RENAMED
    assert [said(change) for change in one.changes] == ["changed data.key0: value0 -> x"]


def test_an_object_that_moves_to_another_group_is_one_change() -> None:
    """An Ingress of extensions/v1beta1 and one of networking.k8s.io/v1 are the same Ingress."""
    old = {"apiVersion": "extensions/v1beta1", "kind": "Ingress", "metadata": {"name": "web", "namespace": "lab"}}
    (one,) = compare(snapshot_of([old]), snapshot_of([old | {"apiVersion": "networking.k8s.io/v1"}])).objects
    assert one.action is Action.CHANGED
    assert [said(change) for change in one.changes] == [
        "changed apiVersion: extensions/v1beta1 -> networking.k8s.io/v1"
    ]


def pem(name: str, days: int) -> str:
    """Return a certificate signed by a new key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, start, start + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def test_certificates_are_compared_by_their_contents() -> None:
    """This holds in a ConfigMap, and for base64 in a webhook's caBundle."""
    old, new = pem("a.lab", 30), pem("b.lab", 60)
    found = [line.partition(":")[0] for line in changes(config_map("ca", ca=old), config_map("ca", ca=new))]
    facts = ["issuer", "key", "names", "notAfter", "subject"]
    assert {name.removeprefix("changed data.ca(certificate).").partition("[")[0] for name in found} == set(facts)
    hooks = [
        placed(
            "webhook",
            "webhooks",
            [{"name": "a.x", "clientConfig": {"caBundle": base64.b64encode(one.encode()).decode()}}],
        )
        for one in (old, new)
    ]
    assert "changed webhooks[name=a.x].clientConfig.caBundle(certificate).notAfter" in "\n".join(changes(*hooks))


def host(**rest: Any) -> HostSpec:
    """Return a host of the lab."""
    given: dict[str, Any] = {
        "host": "cp1",
        "address": "10.0.0.1",
        "groups": ("all", "control"),
        "packages": {"containerd": "1.7"},
        "binaries": {"kubelet": "1.34.2"},
        "services": ("containerd", "kubelet"),
        "vars": {},
    }
    return HostSpec.model_validate(given | rest)


def test_hosts_are_compared_by_their_specs() -> None:
    """Packages, programs, settings and files are compared; the order of services and groups does not matter."""
    before = host(sysctls={"vm.swappiness": "1"}, files=({"path": "/etc/a", "content": "x\n"},))
    after = host(
        packages={"containerd": "2.0"},
        binaries={"kubelet": "1.34.3"},
        services=("kubelet", "containerd"),
        groups=("control", "all"),
        sysctls={"vm.swappiness": "0"},
        files=({"path": "/etc/a", "content": "y\n"},),
    )
    (one,) = compare(Snapshot("old", {}, {"cp1": before}), Snapshot("new", {}, {"cp1": after})).hosts
    assert [said(change) for change in one.changes] == [
        "changed binaries.kubelet: 1.34.2 -> 1.34.3",
        "changed files[path=/etc/a].content: x\n -> y\n",
        "changed packages.containerd: 1.7 -> 2.0",
        'changed sysctls."vm.swappiness": 1 -> 0',
    ]


def test_hosts_are_added_and_removed() -> None:
    """A host in only one snapshot is added or removed."""
    found = compare(Snapshot("old", {}, {"cp1": host()}), Snapshot("new", {}, {"cp2": host(host="cp2")})).hosts
    assert [(one.action.value, one.host) for one in found] == [("removed", "cp1"), ("added", "cp2")]
