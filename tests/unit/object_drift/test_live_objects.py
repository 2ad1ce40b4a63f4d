"""Reading live objects: which kinds are asked for, and what a kind that the cluster does not know does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bedplate.cluster import kubectl
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.object_drift.live_objects import NO_SUCH_KIND, WORKERS, read_live
from factories.render_site import make_site

Json = dict[str, Any]
KINDS = [
    ("", "Secret"),
    ("apps", "Deployment"),
    ("", "ConfigMap"),
    ("shop.test", "Cart"),
    ("batch", "Job"),
    ("", "Pod"),
]
NAMES = ["ConfigMap", "Pod", "Secret", "Deployment.apps", "Job.batch", "Cart.shop.test"]


class Cluster:
    """A cluster with one object of each kind.

    Attributes:
        asked: the lists of kinds that were asked for.
        unknown: the kinds that it does not know.
        error: what it says of them.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        """Answer instead of kubectl."""
        self.asked: list[str] = []
        self.unknown: set[str] = set()
        self.error = f"failed: the server {NO_SUCH_KIND}"
        patch.setattr(kubectl, "get", self._get)

    def _get(self, _: Site, names: str, *options: str) -> Json:
        assert options == ("--all-namespaces", "--show-managed-fields", "--chunk-size=0")
        self.asked.append(names)
        if self.unknown & {*names.split(",")}:
            raise BedplateError("kubectl", self.error)
        return {"items": [self._object(*name.partition(".")[::2]) for name in names.split(",")]}

    @staticmethod
    def _object(kind: str, group: str) -> Json:
        metadata = {"name": "it", "namespace": "shop"}
        return {
            "apiVersion": f"{group}/v1" if group else "v1",
            "kind": kind,
            "metadata": metadata,
            "data": {"a": "eA=="},
        }


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Return a cluster that knows all kinds."""
    return Cluster(monkeypatch)


def _kinds(site: Site, kinds: list[tuple[str, str]]) -> list[tuple[str, str]]:
    found = read_live(site, kinds)
    assert all(str(value["data"]["a"]) == "eA==" for key, value in found.items() if key.kind != "Secret")
    assert all(value["data"]["a"] != "eA==" for key, value in found.items() if key.kind == "Secret")
    return [(key.group, key.kind) for key in found]


def test_every_kind_is_read_once(cluster: Cluster, tmp_path: Path) -> None:
    """Kinds have their groups, are divided among a few calls, and values of Secrets are hidden."""
    assert sorted(_kinds(make_site(tmp_path), [*KINDS, *KINDS])) == sorted(KINDS)
    assert sorted(name for names in cluster.asked for name in names.split(",")) == sorted(NAMES)
    assert len(cluster.asked) == WORKERS


def test_a_kind_that_does_not_exist_yet_has_no_objects(cluster: Cluster, tmp_path: Path) -> None:
    """The others of its call are read all the same."""
    cluster.unknown = {"Cart.shop.test"}
    assert sorted(_kinds(make_site(tmp_path), KINDS)) == sorted({*KINDS} - {("shop.test", "Cart")})
    assert read_live(make_site(tmp_path), [("shop.test", "Cart")]) == {}


def test_a_cluster_that_does_not_answer_is_an_error(cluster: Cluster, tmp_path: Path) -> None:
    """It does not have no objects."""
    cluster.unknown, cluster.error = {"Pod"}, "failed: connection refused"
    with pytest.raises(BedplateError, match="connection refused"):
        read_live(make_site(tmp_path), KINDS)
