"""Which differences count as drift."""

from __future__ import annotations

from bedplate.drift.drift_difference import Drift, HostDifference
from bedplate.kube.object_id import ObjectId
from bedplate.object_drift.object_difference import Cause, ObjectDifference


def test_pending_alone_is_not_drift() -> None:
    """A change that `apply` has yet to make is not drift; a change that someone else made is."""
    pending = HostDifference("a", Cause.PENDING, "t")
    assert not Drift("x", "1", hosts=(pending,)).is_drifted
    assert Drift("x", "1", hosts=(HostDifference("a", Cause.CHANGED, "t"),)).is_drifted
    key = ObjectId("", "Pod", "a", "b")
    assert not Drift("x", "1", objects=(ObjectDifference(key, Cause.PENDING),)).is_drifted
    assert Drift("x", "1", objects=(ObjectDifference(key, Cause.DELETED),)).is_drifted
