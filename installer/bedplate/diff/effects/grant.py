"""RBAC grants: single permissions with Kubernetes' wildcards, and sentences about many of them.

Semantics: https://github.com/kubernetes/kubernetes/blob/v1.34.3/pkg/apis/rbac/v1/evaluation_helpers.go
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, NamedTuple

ANY = "*"


class Grant(NamedTuple):
    """One verb on one resource. A URL outside the API has the group ``url``, an unknown role ``role``."""

    group: str
    resource: str
    name: str
    verb: str

    def covers(self, other: Grant) -> bool:
        """Return whether this grant includes the other one."""
        return (
            self.group in (other.group, ANY if other.group not in (URL, ROLE) else other.group)
            and _covers_resource(self.resource, other.resource, urls=self.group == URL)
            and self.name in ("", other.name)
            and self.verb in (ANY, other.verb)
        )


URL = "url"
ROLE = "role"


def _covers_resource(mine: str, other: str, *, urls: bool) -> bool:
    if mine in (ANY, other):
        return True
    if urls:
        return mine.endswith(ANY) and other.startswith(mine[:-1])
    resource, _, inner = mine.partition("/")
    return resource == ANY and bool(inner) and other.partition("/")[2] == inner


def of_rules(rules: Iterable[Any]) -> Iterator[Grant]:
    """Yield every grant of a role's rules."""
    for rule in rules:
        if not isinstance(rule, dict):
            continue
        verbs = rule.get("verbs") or []
        for url, verb in product(rule.get("nonResourceURLs") or [], verbs):
            yield Grant(URL, url, "", verb)
        names = rule.get("resourceNames") or [""]
        for group, resource, name, verb in product(
            rule.get("apiGroups") or [], rule.get("resources") or [], names, verbs
        ):
            yield Grant(group, resource, name, verb)


def not_covered(grants: Iterable[Grant], known: frozenset[Grant]) -> list[Grant]:
    """Return the grants that neither a known grant nor another one of them covers."""
    wide = [grant for grant in known if ANY in grant.group + grant.resource + grant.verb or not grant.name]
    fresh = [one for one in sorted({*grants}) if one not in known and not any(other.covers(one) for other in wide)]
    broad = [one for one in fresh if ANY in (one.group, one.verb) or ANY in one.resource or not one.name]
    return [one for one in fresh if not any(other != one and other.covers(one) for other in broad)]


def describe(grants: Iterable[Grant]) -> str:
    """Return grants in words: ``get and list pods, services; create deployments.apps``."""
    verbs: dict[tuple[str, str, str], set[str]] = {}
    for grant in grants:
        verbs.setdefault((grant.group, grant.resource, grant.name), set()).add(grant.verb)
    resources: dict[tuple[str, ...], list[str]] = {}
    for (group, resource, name), mine in sorted(verbs.items()):
        resources.setdefault(tuple(sorted(mine)), []).append(_shown(group, resource, name))
    parts = [f"{_verbs(mine)} {', '.join(names)}".strip() for mine, names in resources.items()]
    return "; ".join(parts)


def _verbs(verbs: tuple[str, ...]) -> str:
    return "do anything with" if ANY in verbs else "/".join(verbs)


def _shown(group: str, resource: str, name: str) -> str:
    if group == URL:
        return f"URL {resource}"
    if group == ROLE:
        return f"what ClusterRole {resource} allows"
    text = "everything" if resource == group == ANY else resource if group in ("", ANY) else f"{resource}.{group}"
    if resource == ANY and group not in ("", ANY):
        text = f"everything in {group}"
    return f"{text} named {name}" if name else text
