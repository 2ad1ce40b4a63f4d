"""Network paths that NetworkPolicies open or close, by namespace, direction and kind of pod."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bedplate.diff.effects import traffic
from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.diff.effects.rule_effects import join_words
from bedplate.diff.effects.traffic import ALL, Opening, Selector
from bedplate.kube.change import Action, Changes
from bedplate.kube.snapshot import Resource, Snapshot

GROUP = "networking.k8s.io"
SOURCE = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
DIRECTIONS = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}
EVERY: Selector = frozenset()


@dataclass(frozen=True, slots=True)
class Policy:
    """One NetworkPolicy in one direction."""

    pods: Selector
    openings: frozenset[Opening]


def findings(old: Snapshot, new: Snapshot, changes: Changes) -> Iterator[DiffFinding]:
    """Yield the paths opened and closed in each namespace whose policies differ."""
    policy_changes = [c for c in changes.objects if c.identity.kind == "NetworkPolicy" and c.identity.group == GROUP]
    whole_namespaces = {
        c.identity.name
        for c in changes.objects
        if c.identity.kind == "Namespace" and c.action in (Action.ADDED, Action.REMOVED)
    }
    namespaces = {c.identity.namespace for c in policy_changes} - whole_namespaces
    policies = [_by_namespace(snapshot, namespaces) for snapshot in (old, new)]
    for namespace in sorted(namespaces):
        component = next(c.resource.component for c in policy_changes if c.identity.namespace == namespace)
        for direction in DIRECTIONS:
            before, after = (_policies(one.get(namespace, []), direction) for one in policies)
            yield from _compared(namespace, direction, before, after, component)


def _by_namespace(snapshot: Snapshot, namespaces: set[str]) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for identity, resource in snapshot.resources.items():
        if identity.kind == "NetworkPolicy" and identity.group == GROUP and identity.namespace in namespaces:
            found.setdefault(identity.namespace, []).append(resource)
    return found


def _policies(resources: list[Resource], direction: str) -> list[Policy]:
    found = []
    key, ends = DIRECTIONS[direction]
    for resource in resources:
        spec = resource.object.get("spec") or {}
        # Without policyTypes a policy is about ingress, and about egress if it has such rules.
        types = spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
        if direction in types:
            found.append(
                Policy(traffic.parse_selector(spec.get("podSelector")), traffic.parse_rules(spec.get(key), ends))
            )
    return found


def _compared(
    namespace: str, direction: str, before: list[Policy], after: list[Policy], component: str
) -> Iterator[DiffFinding]:
    reported: dict[str, list[Opening]] = {"opened": [], "closed": []}
    for pods in sorted(
        {EVERY, *(policy.pods for policy in (*before, *after))}, key=lambda one: (len(one), sorted(one))
    ):
        old, new = _allowed(before, pods), _allowed(after, pods)
        for way, (less, more) in (("opened", (old, new)), ("closed", (new, old))):
            fresh = [one for one in _beyond(more, less) if not any(t.covers(one) for t in reported[way])]
            if fresh:
                reported[way] += fresh
                yield _finding(namespace, direction, way, pods, fresh, component)


def _allowed(policies: list[Policy], pods: Selector) -> frozenset[Opening]:
    """Return what reaches the pods of a selector: everything, unless a policy selects them all."""
    selecting = [policy.openings for policy in policies if policy.pods <= pods]
    return frozenset().union(*selecting) if selecting else frozenset({ALL})


def _beyond(openings: Iterable[Opening], other: frozenset[Opening]) -> list[Opening]:
    fresh = sorted((one for one in openings if not any(o.covers(one) for o in other)), key=str)
    return [one for one in fresh if not any(o != one and o.covers(one) for o in fresh)]


def _finding(  # noqa: PLR0913, PLR0917  all parts of a path
    namespace: str, direction: str, way: str, pods: Selector, fresh: list[Opening], component: str
) -> DiffFinding:
    here = f"pods {traffic.selector_text(pods)}" if pods else "all pods"
    ends: dict[str, list[str]] = {}
    for one in fresh:
        ends.setdefault(str(one.peer), []).append(str(one.port))
    paths = [
        f"from {peer} to {here}, {join_words(ports)}"
        if direction == "Ingress"
        else f"from {here} to {peer}, {join_words(ports)}"
        for peer, ports in sorted(ends.items())
    ]
    risk = Risk.SECURITY if way == "opened" else Risk.DISRUPTION
    return DiffFinding(f"network-{way}", risk, _subject(namespace), f"{way}: {'; '.join(paths)}", (), component, SOURCE)


def _subject(namespace: str) -> str:
    return f"namespace {namespace}" if namespace else "the namespace that is not written"
