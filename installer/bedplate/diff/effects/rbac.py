"""Rights of each subject: roles, bindings and aggregation are resolved in each snapshot, then compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bedplate.diff.effects import grant
from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.diff.effects.grant import ANY, ROLE, Grant
from bedplate.diff.effects.rule_effects import join_words
from bedplate.kube.change import Action, Changes, ObjectChange
from bedplate.kube.object_id import ObjectId
from bedplate.kube.snapshot import Resource, Snapshot

GROUP = "rbac.authorization.k8s.io"
SOURCE = "https://kubernetes.io/docs/reference/access-authn-authz/rbac/"
GOOD_PRACTICES = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"
ROLES = ("Role", "ClusterRole")
EVERYTHING = Grant(ANY, ANY, "", ANY)
EVERY_URL = Grant(grant.URL, ANY, "", ANY)
UNBOUND = "has no binding here; a subject bound to it"
AGGREGATION = "aggregationRule"
AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"
OF_KUBERNETES = {"admin": ("admin", "edit", "view"), "edit": ("edit", "view"), "view": ("view",)}
"""Kubernetes' own roles, and the labels of the roles that they aggregate."""


EVERYWHERE = "*"
"""The scope of a ClusterRoleBinding: every namespace, and what has none."""


class Scope(NamedTuple):
    """A subject, and the namespace where it has its rights; EVERYWHERE, or empty for one that is not written."""

    subject: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Danger:
    """Grants that are more powerful than they look (https://kubernetes.io/docs/concepts/security/rbac-good-practices/)."""

    rule: str
    words: str
    grants: tuple[Grant, ...]


DANGERS = (
    Danger("rbac-everything", "may do everything", (EVERYTHING,)),
    Danger(
        "rbac-secrets-readable",
        "can read secrets",
        tuple(Grant("", "secrets", "", verb) for verb in ("get", "list", "watch")),
    ),
    Danger(
        "rbac-escalation",
        "can give itself more rights",
        (
            *(Grant(GROUP, kind, "", verb) for kind in ("roles", "clusterroles") for verb in ("escalate", "bind")),
            *(Grant("", kind, "", "impersonate") for kind in ("users", "groups", "serviceaccounts")),
            Grant("", "serviceaccounts/token", "", "create"),
        ),
    ),
    Danger(
        "rbac-exec",
        "can run commands in pods",
        tuple(Grant("", f"pods/{part}", "", verb) for part in ("exec", "attach") for verb in ("create", "get")),
    ),
    Danger(
        "rbac-nodes-proxy", "can control kubelets", tuple(Grant("", "nodes/proxy", "", v) for v in ("get", "create"))
    ),
)


def findings(old: Snapshot, new: Snapshot, changes: Changes) -> Iterator[DiffFinding]:
    """Yield rights gained and lost, by subject and namespace; nothing if no RBAC object changed."""
    rbac_changes = [change for change in changes.objects if change.identity.group == GROUP]
    if not rbac_changes:
        return
    before, after = _rights(old, new, rbac_changes)
    subjects_of: dict[tuple[str, Risk, str, str], list[str]] = {}
    gone = {c.identity.name for c in changes.objects if c.identity.kind == "Namespace" and c.action is Action.REMOVED}
    for scope in sorted(scope for scope in {*before.scopes, *after.scopes} if scope.namespace not in gone):
        for rule, risk, message in _compared(before, after, scope):
            subjects_of.setdefault((rule, risk, message, after.component(scope)), []).append(scope.subject)
    for (rule, risk, message, component), subjects in subjects_of.items():
        yield DiffFinding(rule, risk, join_words(subjects), message, (), component, SOURCE)
    yield from _unbound(before, after, changes, complete=new.environment is not None)


def _rights(old: Snapshot, new: Snapshot, rbac_changes: list[ObjectChange]) -> tuple[Rights, Rights]:
    """Return the rights in both snapshots of every subject that a changed RBAC object is about."""
    changed = {change.identity for change in rbac_changes} | {
        change.old.identity for change in rbac_changes if change.old
    }
    declared = frozenset(key for side in (old, new) for key in side.resources if key.kind in ROLES)
    both = Rights(old, declared), Rights(new, declared)
    roles = {key.name for key in changed if key.kind in ROLES}
    if any(key.kind == "ClusterRole" for key in changed):
        roles |= {*OF_KUBERNETES}.union(*(rights.aggregated() for rights in both))
    subjects = {subject for rights in both for subject in rights.concerned(changed, roles)}
    for rights in both:
        rights.bind(subjects)
    return both


def _compared(before: Rights, after: Rights, scope: Scope) -> Iterator[tuple[str, Risk, str]]:
    where = _where(scope.namespace)
    gained = grant.not_covered(after.of(scope), frozenset(before.wide(scope)))
    yield from (
        (rule, Risk.SECURITY, f"{words}{where}: {grant.describe(some)}") for rule, words, some in sorted_out(gained)
    )
    if lost := grant.not_covered(before.of(scope), frozenset(after.wide(scope))):
        yield "rbac-lost", Risk.NONE, f"loses rights{where}: {grant.describe(lost)}"


def _where(namespace: str) -> str:
    if namespace == EVERYWHERE:
        return " in all namespaces"
    return f" in namespace {namespace}" if namespace else " in the namespace of its binding (not written)"


def sorted_out(grants: Iterable[Grant]) -> Iterator[tuple[str, str, list[Grant]]]:
    """Yield each grant once, sorted by danger, the dangerous ones first."""
    rest = list(grants)
    for danger in DANGERS:
        found = [one for one in rest if any(_includes(one, bad) for bad in danger.grants)]
        if found:
            shown = [EVERYTHING] if EVERYTHING in found else found
            yield danger.rule, danger.words, shown
            rest = [one for one in rest if one not in found and not (shown == [EVERYTHING] and one.group == grant.URL)]
    if rest:
        yield "rbac-gained", "gains rights", rest


def _includes(one: Grant, bad: Grant) -> bool:
    return one._replace(name="").covers(bad)


def _unbound(before: Rights, after: Rights, changes: Changes, *, complete: bool) -> Iterator[DiffFinding]:
    """Yield the changes of roles without a binding in either snapshot; in plain YAML it may be elsewhere."""
    for change in changes.objects:
        key = change.identity
        if key.group != GROUP or key.kind not in ROLES or key in before.bound | after.bound:
            continue
        gained = grant.not_covered(after.role(key), frozenset(before.role(key)))
        risk = Risk.NONE if complete else Risk.SECURITY
        for rule, words, some in sorted_out(gained):
            message = f"{UNBOUND} {words}: {grant.describe(some)}"
            yield DiffFinding(rule, risk, key, message, ("rules",), change.resource.component, SOURCE)
        if lost := grant.not_covered(before.role(key), frozenset(after.role(key))):
            message = f"{UNBOUND} loses rights: {grant.describe(lost)}"
            yield DiffFinding("rbac-lost", Risk.NONE, key, message, ("rules",), change.resource.component, SOURCE)


class Rights:
    """The rights of a snapshot's subjects; objects that cannot matter are not parsed."""

    def __init__(self, snapshot: Snapshot, declared: frozenset[ObjectId]) -> None:
        """Find the snapshot's roles and bindings; ``declared`` are the roles of both snapshots."""
        self._declared = declared
        resources = {key: resource for key, resource in snapshot.resources.items() if key.group == GROUP}
        self._roles = {key: resource for key, resource in resources.items() if key.kind in ROLES}
        self._bindings = [resource for key, resource in sorted(resources.items()) if key.kind not in ROLES]
        self._cluster_roles = sorted(key for key in self._roles if key.kind == "ClusterRole")
        self._resolved: dict[ObjectId, frozenset[Grant]] = {}
        self.scopes: dict[Scope, set[Grant]] = {}
        self._components: dict[Scope, str] = {}
        self.bound: set[ObjectId] = set()

    def aggregated(self) -> set[str]:
        """Return the names of roles that aggregate others."""
        return {key.name for key in self._cluster_roles if self._aggregates(key)}

    def concerned(self, changed: set[ObjectId], roles: set[str]) -> set[str]:
        """Return the subjects of bindings that changed, or that refer to one of these roles."""
        found = set()
        words = frozenset(roles)
        for resource in self._bindings:
            if resource.identity in changed or resource.mentions(words):
                found |= {
                    name
                    for name in _subjects(resource)
                    if resource.identity in changed or _role(resource).name in roles
                }
                if _subjects(resource):
                    self.bound.add(_role(resource))
        return found

    def bind(self, subjects: set[str]) -> None:
        """Resolve the bindings of these subjects."""
        words = frozenset(name.rpartition("/")[2].partition(" ")[2] or name.rpartition("/")[2] for name in subjects)
        for resource in self._bindings:
            if resource.mentions(words):
                for name in _subjects(resource):
                    if name in subjects:
                        self._give(resource, name)
        self._bind_aggregated()

    def of(self, scope: Scope) -> frozenset[Grant]:
        """Return what a subject may do in a scope by the bindings of exactly this scope."""
        return frozenset(self.scopes.get(scope, ()))

    def wide(self, scope: Scope) -> set[Grant]:
        """Return what a subject may do in a scope by any binding, cluster-wide ones included."""
        return {*self.scopes.get(scope, ()), *self.scopes.get(Scope(scope.subject, EVERYWHERE), ())}

    def component(self, scope: Scope) -> str:
        """Return the component whose binding gives the rights."""
        return self._components.get(scope, "")

    def role(self, key: ObjectId) -> frozenset[Grant]:
        """Return what a role allows; one that neither snapshot has, such as Kubernetes' own, is a grant by itself."""
        if key not in self._resolved:
            self._resolved[key] = frozenset()  # for a role that aggregates itself
            self._resolved[key] = frozenset(self._resolve(key))
        return self._resolved[key]

    def _resolve(self, key: ObjectId) -> Iterator[Grant]:
        resource = self._roles.get(key)
        if resource is None:
            yield from self._unknown(key)
            return
        yield from grant.of_rules(resource.object.get("rules") or [])
        for selector in (resource.object.get(AGGREGATION) or {}).get("clusterRoleSelectors") or []:
            for other in self._cluster_roles:
                if other != key and _selects(selector, _labels(self._roles[other])):
                    yield from self.role(other)

    def _unknown(self, key: ObjectId) -> Iterator[Grant]:
        if key in self._declared:
            return
        if key.kind == "ClusterRole" and key.name == "cluster-admin":
            yield from (EVERYTHING, EVERY_URL)
        elif key.kind == "ClusterRole":
            yield Grant(ROLE, key.name, "", ANY)
            for label in OF_KUBERNETES.get(key.name, ()):
                wanted = AGGREGATE + label
                for other in self._cluster_roles:
                    resource = self._roles[other]
                    if resource.mentions((wanted,)) and _labels(resource).get(wanted) == "true":
                        yield from self.role(other)

    def _bind_aggregated(self) -> None:
        """Treat roles as bound if a bound role aggregates them."""
        taken = {key for key in self.bound if self._aggregates(key)}
        if taken:
            everywhere = frozenset().union(*(self.role(key) for key in taken))
            self.bound |= {
                key for key in self._cluster_roles if _labels(self._roles[key]) and self.role(key) <= everywhere
            }

    def _aggregates(self, key: ObjectId) -> bool:
        resource = self._roles.get(key)
        if resource is None:
            return key.name in OF_KUBERNETES
        return resource.mentions((AGGREGATION,)) and bool(resource.object.get(AGGREGATION))

    def _give(self, binding: Resource, subject: str) -> None:
        namespace = binding.identity.namespace if binding.identity.kind == "RoleBinding" else EVERYWHERE
        scope = Scope(subject, namespace)
        self.scopes.setdefault(scope, set()).update(self.role(_role(binding)))
        self._components.setdefault(scope, binding.component)


def _role(binding: Resource) -> ObjectId:
    reference = binding.object.get("roleRef") or {}
    kind = str(reference.get("kind", ""))
    return ObjectId(GROUP, kind, binding.identity.namespace if kind == "Role" else "", str(reference.get("name", "")))


def _subjects(binding: Resource) -> list[str]:
    return [_subject(one, binding.identity.namespace) for one in binding.object.get("subjects") or []]


def _subject(subject: Mapping[str, Any], namespace: str) -> str:
    name = str(subject.get("name", ""))
    if subject.get("kind") == "ServiceAccount":
        name = "/".join(filter(None, (subject.get("namespace") or namespace, name)))
    return f"{subject.get('kind', '')} {name}"


def _labels(resource: Resource) -> dict[str, str]:
    return (resource.object.get("metadata") or {}).get("labels") or {}


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted = selector.get("matchLabels") or {}
    return bool(wanted) and all(labels.get(key) == value for key, value in wanted.items())
