"""Snapshots of the same objects are equal in every file format."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bedplate.diff.compare.apply_changes import apply
from bedplate.diff.compare.compare_snapshots import compare
from bedplate.diff.input.read_snapshots import read_pair, read_snapshot
from bedplate.kube import secret_values
from bedplate.kube.change import Changes
from bedplate.kube.object_id import ObjectId
from bedplate.kube.snapshot import Snapshot
from factories.diff_forms import FORMS, JOB, OBJECTS, POD, SECRET, as_yaml

PLACES = [ObjectId("", "Pod", "shop", "web"), ObjectId("", "Secret", "", "s"), ObjectId("batch", "Job", "", "run-*")]


@pytest.mark.parametrize("name", FORMS)
def test_formats(name: str, folder: Path) -> None:
    """Every format gives the same resources, compressed or not, as a file or a folder."""
    (folder / name).write_text(FORMS[name], newline="")
    plain = read_snapshot(name)
    assert list(plain.resources) == PLACES
    (folder / "packed").mkdir()
    (folder / "packed" / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
    assert {key: one.object for key, one in read_snapshot("packed").resources.items()} == {
        key: one.object for key, one in plain.resources.items()
    }


def test_standard_input(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash means standard input."""
    stream = io.TextIOWrapper(io.BytesIO(gzip.compress(FORMS["many.yaml"].encode())))
    monkeypatch.setattr(sys, "stdin", stream)
    assert list(read_snapshot("-").resources) == PLACES
    assert folder


def test_locations_are_lines(folder: Path) -> None:
    """Each resource has the line where it begins, in documents and in lists."""
    (folder / "a.yaml").write_text(
        "# x\n---\n# y\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: List\n"
        "items:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: b}\n"
        "- apiVersion: v1\n  kind: Pod\n  metadata: {name: c}\n"
    )
    assert [str(one.location) for one in read_snapshot("a.yaml").resources.values()] == [
        "a.yaml:4",
        "a.yaml:11",
        "a.yaml:14",
    ]


def test_hidden_files_and_kustomizations_are_no_objects(folder: Path) -> None:
    """Other files in a folder are ignored."""
    for name in ("b/a.yaml", ".git/x.yaml", ".hidden.yaml", "readme.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(as_yaml([POD]))
    (folder / "kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: x}\n"
    )
    assert [str(one.location) for one in read_snapshot(".").resources.values()] == ["b/a.yaml:2"]


def _facts(snapshot: Snapshot) -> dict[ObjectId, tuple[dict[str, Any], str, str]]:
    return {key: (one.object, one.component, str(one.location)) for key, one in snapshot.resources.items()}


@pytest.mark.parametrize("name", FORMS)
def test_a_pair_is_two_snapshots(name: str, folder: Path) -> None:
    """Reading both snapshots at once gives the same as reading each."""
    more = {**POD, "metadata": {**POD["metadata"], "name": "new"}}
    (folder / f"old-{name}").write_text(FORMS[name], newline="")
    (folder / "new.yaml").write_text(as_yaml([more, *OBJECTS]))
    (folder / f"new-{name}").write_text(FORMS[name] + "\n", newline="")
    for other in ("new.yaml", f"new-{name}"):
        pair = read_pair(f"old-{name}", other)
        assert [_facts(snapshot) for snapshot in pair] == [
            _facts(read_snapshot(f"old-{name}")),
            _facts(read_snapshot(other)),
        ]


def test_objects_may_share_a_generate_name(folder: Path) -> None:
    """Each object with the same generateName is a separate resource, numbered in the order of the file."""
    jobs = [{**JOB, "spec": {"backoffLimit": count}} for count in range(3)]
    (folder / "old.yaml").write_text(as_yaml(jobs))
    (folder / "new.yaml").write_text(as_yaml([*jobs[:2], {**JOB, "spec": {"backoffLimit": 9}}]))
    old, new = read_pair("old.yaml", "new.yaml")
    assert [key.name for key in old.resources] == ["run-*", "run-*2", "run-*3"]
    (change,) = compare(old, new).objects
    assert change.identity.name == "run-*3"
    assert apply(Changes((change,)), old)[2] == {**JOB, "spec": {"backoffLimit": 9}}


def test_an_object_in_two_files_is_one_object(folder: Path) -> None:
    """The same object, written twice in the same or another style, is one; both snapshots may have it."""
    for side in ("old", "new"):
        (folder / side).mkdir()
        (folder / side / "1.yaml").write_text(as_yaml([POD]))
        (folder / side / "2.yaml").write_text(json.dumps(POD))
        (folder / side / "3.yaml").write_text(f"---\n{as_yaml([POD])}---\n{as_yaml([{**JOB, 'spec': {'side': side}}])}")
    old, new = read_pair("old", "new")
    assert len(old.resources) == len(new.resources) == 2
    assert len(compare(old, new).objects) == 1


def test_a_kustomization_is_no_object(folder: Path) -> None:
    """A kustomization may leave out apiVersion and kind; it is skipped next to its manifests."""
    (folder / "x").mkdir()
    (folder / "x" / "kustomization.yaml").write_text("resources: [pod.yaml]\n")
    (folder / "x" / "base").mkdir()
    written = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [pod.yaml]\n"
    (folder / "x" / "base" / "kustomization.yaml").write_text(written)
    (folder / "x" / "pod.yaml").write_text(as_yaml([POD]))
    assert len(read_snapshot("x").resources) == 1


def test_equal_texts_have_equal_digests(folder: Path) -> None:
    """Text in both snapshots has the same digest, wherever it is, so it is not compared further."""
    (folder / "a.yaml").write_text(as_yaml(OBJECTS))
    (folder / "b.yaml").write_text(as_yaml([{**POD, "spec": {}}, *OBJECTS[:0:-1]]))
    old, new = read_pair("a.yaml", "b.yaml")
    assert {key.kind for key in old.resources if old.resources[key].digest != new.resources[key].digest} == {"Pod"}


def test_secrets_are_hidden(folder: Path) -> None:
    """A snapshot contains no value of a Secret: not plain, not in base64, not in kubectl's annotation."""
    (folder / "a.yaml").write_text(as_yaml([SECRET, {**POD, "spec": {"inner": SECRET}}]))
    snapshot = read_snapshot("a.yaml")
    text = str([one.object for one in snapshot.resources.values()])
    assert "hush" not in text
    assert "aHVzaA" not in text
    hidden = next(one.object for key, one in snapshot.resources.items() if key.kind == "Secret")
    assert hidden["data"]["a"] == hidden["stringData"]["b"], "one value in two fields"
    assert secret_values.is_hidden(hidden["data"]["a"])
    assert hidden["stringData"]["c"] == {"secretRef": "db/password"}
    shown = secret_values.redact(hidden)
    assert (shown["data"]["a"], shown["metadata"]["annotations"][secret_values.LAST_APPLIED]) == (
        secret_values.HIDDEN,
    ) * 2


def test_dev_null_is_an_empty_snapshot() -> None:
    """As in git, /dev/null is an empty snapshot."""
    assert read_snapshot("/dev/null").resources == {}
