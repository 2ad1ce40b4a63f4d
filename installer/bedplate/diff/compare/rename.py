"""Finding renamed objects: removed under one name, added under another, with similar content."""

from __future__ import annotations

import difflib
import functools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bedplate.core import digest
from bedplate.diff.compare import similarity
from bedplate.diff.compare.similarity import Leaf
from bedplate.kube.snapshot import Resource

SIMILAR = 0.6
"""The share of equal leaves from which objects of one kind in one namespace count as renamed."""
SIMILAR_GENERATED = 0.2
"""The same if the names differ only in a hash suffix."""
HASHED = frozenset({"ConfigMap", "Secret"})
"""Kustomize appends a hash of the content to their names, so the whole content may differ."""
SMALL = 3
"""An object with fewer leaves resembles any other of its kind, so its name must be similar, too."""
SIMILAR_NAMES = 0.6
NEVER = frozenset({"CustomResourceDefinition", "Namespace"})
"""Kinds whose name is their identity: with another name, it is another object."""

_SUFFIX = re.compile(r"-(?=[a-z0-9]*[0-9])[a-z0-9]{5,12}$")
"""Suffixes as Kustomize, Deployments and generateName write them; a digit distinguishes a hash from a word."""


@dataclass(frozen=True)
class _Candidate:
    resource: Resource

    @functools.cached_property
    def base(self) -> str:
        """Return the name without a hash suffix."""
        return _SUFFIX.sub("", self.resource.identity.name)

    @functools.cached_property
    def digest(self) -> str:
        """Return the content's digest."""
        return digest.of(_content(self.resource))

    @functools.cached_property
    def leaves(self) -> Counter[Leaf]:
        """Return the content's leaves."""
        return similarity.leaves(_content(self.resource))


def find_renames(removed: Iterable[Resource], added: Iterable[Resource]) -> list[tuple[Resource, Resource]]:
    """Return pairs of a removed and an added resource that are the same object under two names."""
    before, after = _grouped(removed), _grouped(added)
    return [
        pair for group, resources in before.items() if group in after for pair in _in_group(resources, after[group])
    ]


def _grouped(resources: Iterable[Resource]) -> dict[tuple[str, str, str], list[Resource]]:
    groups: dict[tuple[str, str, str], list[Resource]] = defaultdict(list)
    for resource in resources:
        if resource.identity.kind not in NEVER:
            groups[resource.identity[:3]].append(resource)
    return groups


def _in_group(removed: list[Resource], added: list[Resource]) -> Iterator[tuple[Resource, Resource]]:
    """Pair equal content first, then names that differ only in a hash, then similar content."""
    before = {one.identity.name: _Candidate(one) for one in sorted(removed, key=lambda resource: resource.identity)}
    after = {one.identity.name: _Candidate(one) for one in sorted(added, key=lambda resource: resource.identity)}
    for find in (_equal, _generated, _similar):
        for old, new in find(list(before.values()), list(after.values())):
            yield old.resource, new.resource
            del before[old.resource.identity.name], after[new.resource.identity.name]


def _content(resource: Resource) -> dict[str, Any]:
    """Return an object without its identity."""
    metadata = resource.object.get("metadata") or {}
    rest = {key: value for key, value in metadata.items() if key not in ("name", "namespace", "generateName")}
    content = {key: value for key, value in resource.object.items() if key not in ("apiVersion", "kind")}
    content["metadata"] = rest
    return content if rest else {key: value for key, value in content.items() if key != "metadata"}


Pairs = Iterator[tuple[_Candidate, _Candidate]]


def _equal(before: list[_Candidate], after: list[_Candidate]) -> Pairs:
    """Pair candidates whose content occurs once in each snapshot."""
    return _only_pairs(before, after, lambda one: one.digest, 0.0)


def _generated(before: list[_Candidate], after: list[_Candidate]) -> Pairs:
    least = 0.0 if before and before[0].resource.identity.kind in HASHED else SIMILAR_GENERATED
    return _only_pairs(_suffixed(before), _suffixed(after), lambda one: one.base, least)


def _suffixed(candidates: list[_Candidate]) -> list[_Candidate]:
    return [one for one in candidates if one.base != one.resource.identity.name]


def _only_pairs(
    before: list[_Candidate], after: list[_Candidate], key: Callable[[_Candidate], str], least: float
) -> Pairs:
    groups: dict[str, tuple[list[_Candidate], list[_Candidate]]] = defaultdict(lambda: ([], []))
    for index, candidates in enumerate((before, after)):
        for one in candidates:
            groups[key(one)][index].append(one)
    for olds, news in groups.values():
        if len(olds) == len(news) == 1 and _is_similar(olds[0], news[0], least):
            yield olds[0], news[0]


def _similar(before: list[_Candidate], after: list[_Candidate]) -> Pairs:
    if len(before) * len(after) > similarity.MOST_PAIRS:
        return
    scored = (
        (similarity.score(one.leaves, other.leaves), one.resource.identity.name, other.resource.identity.name)
        for one in before
        for other in after
        if _is_similar(one, other, SIMILAR)
    )
    olds = {one.resource.identity.name: one for one in before}
    news = {one.resource.identity.name: one for one in after}
    for _, old, new in sorted(scored, key=lambda row: (-row[0], row[1], row[2])):
        if old in olds and new in news:
            yield olds.pop(old), news.pop(new)


def _is_similar(one: _Candidate, other: _Candidate, least: float) -> bool:
    if not _has_similar_name(one, other) and min(one.leaves.total(), other.leaves.total()) < SMALL:
        return False
    return one.digest == other.digest or similarity.score(one.leaves, other.leaves) >= least


def _has_similar_name(one: _Candidate, other: _Candidate) -> bool:
    names = one.resource.identity.name, other.resource.identity.name
    return one.base == other.base or difflib.SequenceMatcher(None, *names).ratio() >= SIMILAR_NAMES
