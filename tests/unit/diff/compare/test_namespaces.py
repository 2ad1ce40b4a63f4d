"""Objects without a written namespace are paired with the same objects in the namespace they are applied to."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.diff.compare.namespaces import settle_namespaces
from factories.diff_objects import snapshot_of

Names = list[str]


def object_of(name: str) -> dict[str, Any]:
    """Return an object from ``Kind name`` or ``Kind namespace/name``."""
    kind, _, rest = name.partition(" ")
    namespace, slash, own = rest.rpartition("/")
    metadata = {"name": own, **({"namespace": namespace} if slash else {})}
    group = "example.org/" if kind == "Thing" else ""
    return {"apiVersion": f"{group}v1", "kind": kind, "metadata": metadata}


def settled(old: Names, new: Names, chosen: str = "") -> tuple[Names, Names]:
    """Return the names of both snapshots after settling, without those that are in both under their own name."""
    sides = settle_namespaces(snapshot_of(map(object_of, old)), snapshot_of(map(object_of, new)), chosen)
    first, second = ([f"{k.kind} {'/'.join(filter(None, k[2:]))}" for k in side.resources] for side in sides)
    return first, second


@pytest.mark.parametrize(("old", "new", "expected"), [
    (["ConfigMap a"], ["ConfigMap default/a"], ["ConfigMap default/a"]),
    (["ConfigMap a"], ["ConfigMap x/a"], ["ConfigMap x/a"]),
    (["ConfigMap a", "Secret b"], ["ConfigMap x/a"], ["ConfigMap x/a", "Secret x/b"]),
    (["ConfigMap a"], ["ConfigMap x/a", "ConfigMap default/a"], ["ConfigMap default/a"]),
    (["ConfigMap a", "ConfigMap b"], ["ConfigMap x/a", "ConfigMap x/b", "ConfigMap default/a"],
     ["ConfigMap x/a", "ConfigMap x/b"]),
    (["ConfigMap a", "ConfigMap default/a"], ["ConfigMap default/a"], ["ConfigMap a", "ConfigMap default/a"]),
    (["ConfigMap a", "ConfigMap b", "ConfigMap c"], ["ConfigMap kube-system/a", "ConfigMap b", "ConfigMap c"],
     ["ConfigMap a", "ConfigMap b", "ConfigMap c"]),
    (["ConfigMap a", "ConfigMap b", "ConfigMap c"], ["ConfigMap default/a", "ConfigMap b", "ConfigMap c"],
     ["ConfigMap b", "ConfigMap c", "ConfigMap default/a"]),
    (["Thing a"], ["Thing x/a"], ["Thing x/a"]),
    (["ConfigMap a", "Thing b"], ["ConfigMap x/a"], ["ConfigMap x/a", "Thing b"]),
    (["ConfigMap a", "Namespace x"], ["ConfigMap x/a"], ["ConfigMap x/a", "Namespace x"]),
])  # fmt: skip
def test_an_unwritten_namespace_is_found_in_the_other_snapshot(old: Names, new: Names, expected: Names) -> None:
    """The namespace in which most objects are found is taken, and none against the majority of equal names."""
    assert sorted(settled(old, new)[0]) == expected
    assert sorted(settled(new, old)[1]) == expected


def test_a_chosen_namespace_is_taken() -> None:
    """With --namespace, nothing is guessed, and cluster-scoped kinds keep having none."""
    old, new = settled(["ConfigMap a", "Node n"], ["ConfigMap default/a", "Secret b"], "shop")
    assert (old, new) == (["ConfigMap shop/a", "Node n"], ["ConfigMap default/a", "Secret shop/b"])
