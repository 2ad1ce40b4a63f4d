"""Fields that others added: what is removed, from the API server's own form of an object, and what stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bedplate.apply import foreign_fields
from bedplate.apply.apply_layer import _detail
from bedplate.cluster import kubectl
from bedplate.config.environments import Site
from bedplate.kube.change import ElementKey, InsideDocument
from bedplate.kube.change import Path as FieldPath
from bedplate.kube.object_id import ObjectId
from bedplate.object_drift.layer_drift import LayerDrift
from bedplate.object_drift.object_difference import Cause, ObjectDifference
from factories.render_site import make_site

Json = dict[str, Any]
POLICY = ObjectId("networking.k8s.io", "NetworkPolicy", "shop", "deny")
NAMESPACE = ObjectId("", "Namespace", "", "shop")
LIVE: dict[ObjectId, Json] = {
    POLICY: {
        "metadata": {"resourceVersion": "7", "labels": {"team": "a"}, "finalizers": ["x"]},
        "spec": {
            "ingress": [{}],
            "a/b~c": 1,
            "rules": ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
            "ports": [{"port": 80, "name": "web"}, {"port": 81, "name": "more"}],
            "template": {"metadata": {"annotations": {"when": "now"}}},
        },
    },
    NAMESPACE: {"metadata": {"resourceVersion": "9"}, "spec": {"extra": True}},
}


class PretendedKubectl:
    """Stands for kubectl.run, and keeps the patches."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        """Answer instead of kubectl."""
        self.patches: list[tuple[tuple[str, ...], Any]] = []
        patch.setattr(kubectl, "run", self._run)

    def _run(self, _: Site, *words: str, stdin: bytes, has_secrets: bool) -> bytes:
        assert has_secrets  # an added field may be a value
        self.patches.append((words, json.loads(stdin)))
        return b""


@pytest.fixture
def patches(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[str, ...], Any]]:
    """Return the patches that are sent to the API server."""
    return PretendedKubectl(monkeypatch).patches


def _added(identity: ObjectId, *path: Any, **fields: Any) -> ObjectDifference:
    return ObjectDifference(identity, fields.pop("cause", Cause.CHANGED), path, live="x", **fields)


def _ensure(tmp_path: Path, *differences: ObjectDifference) -> int:
    return foreign_fields.ensure_removed(make_site(tmp_path), LayerDrift(differences, (), LIVE, {}))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("metadata", "labels", "team"), True),
        (("metadata", "finalizers"), True),
        (("spec", "template", "metadata", "annotations", "when"), True),
        (("spec", "ingress"), False),
        ((), False),
    ],
)
def test_labels_and_annotations_are_notes(path: FieldPath, expected: bool) -> None:  # noqa: FBT001  a column of the table
    """What others only note down about an object is theirs; a field of its content is not."""
    assert foreign_fields.is_note(_added(POLICY, *path)) is expected


@pytest.mark.parametrize(
    "difference",
    [
        _added(POLICY, "metadata", "labels", "team"),
        _added(POLICY, "spec", "ingress", applied="y"),
        _added(POLICY, "spec", "ingress", desired="y"),
        _added(POLICY, "spec", "ingress", cause=Cause.PENDING),
        _added(POLICY, cause=Cause.FOREIGN),
        _added(POLICY, "spec", "egress"),
        _added(POLICY, "spec", "rules", 11),
        _added(POLICY, "spec", "rules", InsideDocument("yaml"), "a"),
        _added(POLICY, "spec", "ports", ElementKey((("port", 82),))),
    ],
)
def test_everything_else_is_left_alone(
    difference: ObjectDifference, tmp_path: Path, patches: list[tuple[tuple[str, ...], Any]]
) -> None:
    """Notes stay, values of the release are set by its apply, and what is not there any more is not removed."""
    assert _ensure(tmp_path, difference) == 0
    assert patches == []


def test_added_fields_are_removed_if_the_object_is_as_it_was_read(
    tmp_path: Path, patches: list[tuple[tuple[str, ...], Any]]
) -> None:
    """One patch for each object, under the platform's name; of a list, the last element is removed first."""
    differences = [
        _added(POLICY, "spec", "ingress"),
        _added(POLICY, "spec", "a/b~c"),
        _added(POLICY, "spec", "rules", 2),
        _added(POLICY, "spec", "rules", 10),
        _added(POLICY, "spec", "rules", ElementKey((("", "nine"),))),
        _added(POLICY, "spec", "ports", ElementKey((("port", 81),)), "name"),
        _added(NAMESPACE, "spec", "extra"),
    ]
    assert _ensure(tmp_path, *differences) == 2
    (words, first), (other_words, second) = patches
    options = ("--type=json", "--field-manager=bedplate", "--patch-file=/dev/stdin")
    assert words == ("patch", "NetworkPolicy.networking.k8s.io", "deny", "--namespace", "shop", *options)
    assert other_words == ("patch", "Namespace", "shop", *options)
    assert first[0] == {"op": "test", "path": "/metadata/resourceVersion", "value": "7"}
    assert {one["op"] for one in first[1:]} == {"remove"}
    removed = [one["path"] for one in first[1:]]
    assert set(removed) == {
        "/spec/ingress", "/spec/a~1b~0c", "/spec/rules/2", "/spec/rules/9", "/spec/rules/10", "/spec/ports/1/name",
    }  # fmt: skip
    rules = [path for path in removed if path.startswith("/spec/rules")]
    assert rules == ["/spec/rules/10", "/spec/rules/9", "/spec/rules/2"]
    assert second == [
        {"op": "test", "path": "/metadata/resourceVersion", "value": "9"},
        {"op": "remove", "path": "/spec/extra"},
    ]


@pytest.mark.parametrize(
    ("changed", "kept", "missing", "text"),
    [
        (0, 0, "", ""),
        (2, 0, "", "2 of 9 objects changed"),
        (12, 0, "", "12 objects changed"),
        (0, 1, "", "no change; 1 label or annotation of others stays"),
        (2, 3, "", "2 of 9 objects changed; 3 labels and annotations of others stay"),
        (0, 0, "hub is not ready", "no change; hub is not ready"),
        (0, 1, "hub is not ready", "no change; 1 label or annotation of others stays; hub is not ready"),
    ],
)
def test_an_apply_says_what_stays(changed: int, kept: int, missing: str, text: str) -> None:
    """It does not say "no change" alone where drift finds something."""
    assert _detail(changed, 9, kept, missing) == text
