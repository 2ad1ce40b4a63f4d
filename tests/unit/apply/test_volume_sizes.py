"""Sizes of volumes that cannot change are found before anything is applied."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.apply.volume_sizes import volume_errors
from bedplate.kube.volume_size import DEFAULT_CLASS
from bedplate.render.rendered import RenderedObject


def _claim(size: str, storage_class: str | None = None) -> dict[str, Any]:
    metadata = {"name": "prometheus", "namespace": "monitoring"}
    spec = {"resources": {"requests": {"storage": size}}} | (
        {"storageClassName": storage_class} if storage_class else {}
    )
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def _class(name: str, *, grows: bool, default: bool = False) -> dict[str, Any]:
    metadata = {"name": name, "annotations": {DEFAULT_CLASS: "true"} if default else {}}
    more = {"allowVolumeExpansion": True} if grows else {}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": metadata, **more}


LOCAL, CEPH = _class("local", grows=False, default=True), _class("ceph", grows=True)
CANNOT_GROW = (
    "volume monitoring/prometheus has 10Gi and cannot grow to 50Gi: storage class local does not let volumes grow"
)


@pytest.mark.parametrize(
    ("wanted", "live", "fact"),
    [
        ([_claim("50Gi"), LOCAL], [_claim("10Gi", "local"), LOCAL], CANNOT_GROW),
        ([_claim("50Gi")], [_claim("10Gi", "local"), LOCAL], CANNOT_GROW),
        ([_claim("50Gi"), LOCAL], [_claim("10Gi")], CANNOT_GROW),
        (
            [_claim("5Gi"), CEPH],
            [_claim("10Gi", "ceph")],
            "volume monitoring/prometheus has 10Gi and cannot shrink to 5Gi",
        ),
        ([_claim("50Gi"), LOCAL], [_claim("10Gi", "ceph"), CEPH], None),
        ([_claim("50Gi"), _class("local", grows=True)], [_claim("10Gi", "local"), LOCAL], None),
        ([_claim("50Gi"), LOCAL], [_claim("10Gi", "a-site's-own")], None),
        ([_claim("10240Mi"), LOCAL], [_claim("10Gi", "local"), LOCAL], None),
        ([_claim("50Gi"), LOCAL], [LOCAL], None),
        ([LOCAL], [_claim("10Gi", "local"), LOCAL], None),
    ],
)
def test_a_size_that_cannot_change_is_an_error(
    wanted: list[dict[str, Any]], live: list[dict[str, Any]], fact: str | None
) -> None:
    """A volume never shrinks, and grows only if its storage class says so; other sizes are left to the API server."""
    errors = list(volume_errors([RenderedObject("prometheus", "monitoring", one) for one in wanted], live))
    assert [f"{error.subject} {error.fact}" for error in errors] == ([fact] if fact else [])
    assert all(error.exit_code == 2 and error.hint for error in errors)
