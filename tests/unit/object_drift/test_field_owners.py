"""Owners of fields, from managedFields as an API server writes them."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.kube.change import ElementKey, InsideDocument, ListOrder, Path
from bedplate.object_drift.field_owners import FieldOwners, FieldWriter

Json = dict[str, Any]
FIELDS: Json = {
    "f:data": {"f:plain": {}},
    "f:metadata": {"f:finalizers": {".": {}, 'v:"kept"': {}}},
    "f:spec": {
        "f:rules": {"i:1": {"f:host": {}}},
        "f:whole": {},
        "f:ports": {'k:{"port":80,"protocol":"TCP"}': {"f:name": {}}},
    },
}


def _owners(*entries: tuple[str, str, Json], subresource: str = "") -> FieldOwners:
    managed = [{"manager": name, "time": time, "fieldsV1": fields} for name, time, fields in entries]
    if subresource:
        managed[-1]["subresource"] = subresource
    return FieldOwners(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "managedFields": managed}}, "bedplate"
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("data", "plain"), True),
        (("data", "other"), False),
        (("data", "plain", InsideDocument("yaml"), "a"), True),
        (("data", "other", InsideDocument("yaml"), "a"), False),
        (("spec", ListOrder()), True),
        (("spec", "rules", 1, "host"), True),
        (("spec", "rules", 0), True),
        (("spec", "whole", 0), True),
        (("spec", "whole", "below"), True),
        (("spec", "ports", 0), False),
        (("spec", "ports", ElementKey((("port", 80),)), "name"), True),
        (("spec", "ports", ElementKey((("port", 81),)), "name"), False),
        (("spec", "ports", ElementKey((("port", 80),)), "targetPort"), False),
        (("metadata", "finalizers", ElementKey((("", "kept"),))), True),
        (("metadata", "finalizers", ElementKey((("", "other"),))), False),
    ],
)
def test_a_path_is_owned_by_who_wrote_it(path: Path, expected: bool) -> None:  # noqa: FBT001  a column of the table
    """A field is found by its name, position, keys or value, and what is below a leaf belongs to the leaf's owner."""
    assert _owners(("bedplate", "", FIELDS)).is_ours(path) is expected


def test_the_latest_writer_comes_first() -> None:
    """Of several programs that wrote a field, the latest is named first; controllers and the platform are left out."""
    data: Json = {"f:data": {}}
    names = [("a", "2026-11-01T00:00:00Z"), ("c", "2026-11-03T00:00:00Z"), ("b", "2026-11-03T00:00:00Z")]
    own = [("bedplate", "2026-11-09T00:00:00Z", data), ("kube-controller-manager", "2026-11-08T00:00:00Z", data)]
    owners = _owners(*((name, time, data) for name, time in names), *own)
    assert [writer.manager for writer in owners.others(("data",))] == ["c", "b", "a"]
    latest = owners.latest()
    assert latest in {FieldWriter("b", names[2][1]), FieldWriter("c", names[1][1])}
    assert _owners(*own).latest() is None
    assert _owners(*own).others(("data",)) == []


def test_who_reports_a_status_owns_nothing() -> None:
    """A status is no part of what was applied."""
    owners = _owners(("someone", "", {"f:data": {}}), subresource="status")
    assert (owners.are_known, owners.latest()) == (False, None)
    assert _owners(("someone", "", {"f:data": {}}), subresource="scale").are_known


@pytest.mark.parametrize(("time", "text"), [("2026-11-01T00:00:00Z", "kubectl, 2026-11-01T00:00:00Z"), ("", "kubectl")])
def test_a_writer_is_shown_with_the_time_if_it_is_known(time: str, text: str) -> None:
    """The API server does not record every time."""
    assert str(FieldWriter("kubectl", time)) == text
