"""What an apply refuses before its first step, with volumes in a real API server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bedplate.apply import check_inputs
from bedplate.core.errors import ErrorList, InputError
from factories.small_platform import SmallPlatform

Json = dict[str, Any]


def _objects(shop: SmallPlatform, size: str) -> tuple[Json, Json]:
    """Return a claim of some size, and its storage class, which does not let volumes grow."""
    name = f"{shop.namespace}-fixed"
    metadata = {"name": name}
    fixed = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": metadata, "provisioner": "none"}
    resources = {"requests": {"storage": size}}
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": name, "resources": resources}
    return shop.object("PersistentVolumeClaim", "data", {"spec": spec}), fixed


@pytest.fixture
def _no_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the hosts, of which the small platform's release has nothing."""
    monkeypatch.setattr("bedplate.render.host_specs.host_specs", lambda *_: [])


@pytest.mark.usefixtures("_no_hosts")
def test_a_larger_volume_is_refused_before_the_first_step(shop: SmallPlatform) -> None:
    """The storage class does not let volumes grow, so the API server would refuse it after all hosts were changed."""
    shop.apply(*_objects(shop, "1Gi"))
    check_inputs.check_inputs(shop.declare(*_objects(shop, "1Gi")))
    with pytest.raises(ErrorList, match=f"volume {shop.namespace}/data has 1Gi and cannot grow to 2Gi") as caught:
        check_inputs.check_inputs(shop.declare(*_objects(shop, "2Gi")))
    assert caught.value.exit_code == 2


@pytest.mark.usefixtures("_no_hosts")
def test_a_missing_users_file_is_refused_before_the_first_step(shop: SmallPlatform, tmp_path: Path) -> None:
    """Files that secrets come from are read first, too."""
    installed = shop.declare(*_objects(shop, "1Gi"))
    identity = shop.site.environment.identity.model_copy(update={"users": str(tmp_path / "nowhere.yaml")})
    environment = shop.site.environment.model_copy(update={"identity": identity})
    with pytest.raises(InputError, match=r"nowhere\.yaml"):
        check_inputs.check_inputs(replace(installed, site=replace(shop.site, environment=environment)))
