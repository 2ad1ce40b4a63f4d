"""Quotas of tenants: the sums of their ResourceQuotas before and after, compared with the nodes' capacity."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from decimal import Decimal

from bedplate.diff.effects.effect_finding import DiffFinding, QuotaChange, Risk
from bedplate.diff.rules.match import to_number
from bedplate.kube.change import Changes
from bedplate.kube.object_id import ObjectId
from bedplate.kube.snapshot import Snapshot

SOURCE = "https://kubernetes.io/docs/concepts/policy/resource-quotas/"
TENANT = "bedplate.dev/tenant"
NODES = "nodes"
UNLIMITED = "unlimited"
NOTHING = "-"
"""The amount of a tenant that does not exist, or of nodes whose capacity is not known."""
KINDS = ("ResourceQuota", "Namespace")
"""Kinds that decide how much a tenant may use."""
Sums = dict[str, dict[str, list[str]]]
"""Subject to resource to the quantities to add up."""


def quota_changes(old: Snapshot, new: Snapshot, changes: Changes) -> tuple[QuotaChange, ...]:
    """Return every sum of a tenant's quotas that differs, and the nodes' sums of the same resources."""
    if not any(change.identity.kind in ("ResourceQuota", "Node") for change in changes.objects):
        return ()
    concerned = _concerned(old, new)
    before, after = _sums(old, concerned), _sums(new, concerned)
    known = _subjects(old), _subjects(new)
    found = []
    for subject in sorted({*before, *after}):
        was, now = (sums.get(subject, {}) for sums in (before, after))
        absent = [NOTHING if subject in there - here else UNLIMITED for here, there in (known, known[::-1])]
        for resource in sorted({*was, *now}):
            shown = total(was.get(resource, []), absent[0]), total(now.get(resource, []), absent[1])
            found += [] if _is_same(*shown) else [QuotaChange(subject, resource, *shown)]
    return (*found, *_nodes(old, new, {amount.resource for amount in found}))


def findings(old: Snapshot, new: Snapshot, changes: Changes, every: Iterable[QuotaChange]) -> Iterator[DiffFinding]:
    """Yield one finding for what a tenant gains and one for what it loses; none for new and removed tenants."""
    of_tenants = [amount for amount in every if amount.subject != NODES]
    component = next((c.resource.component for c in changes.objects if c.identity.kind == "ResourceQuota"), "")
    for subject in dict.fromkeys(amount.subject for amount in of_tenants):
        moved = [one for one in of_tenants if one.subject == subject and NOTHING not in (one.old, one.new)]
        for rule, risk, word, some in (
            ("quota-raised", Risk.NONE, "more", [one for one in moved if not _less(one)]),
            ("quota-lowered", Risk.DISRUPTION, "less", [one for one in moved if _less(one)]),
        ):
            if some:
                yield DiffFinding(rule, risk, subject, f"may use {word}: {_sentence(some)}", (), component, SOURCE)
    yield from _exceeded(old, new, {amount.resource for amount in of_tenants})


def _subjects(snapshot: Snapshot) -> set[str]:
    """Return a snapshot's tenants and namespaces: to tell a tenant without a quota from one that does not exist."""
    names = [key.name for key in snapshot.resources if key.kind == "Namespace" and not key.group]
    return {_subject(snapshot, name) for name in names}


def _sentence(some: list[QuotaChange]) -> str:
    """Return amounts in words; equal changes of requests and limits are written once."""
    merged: dict[tuple[str, str, str], list[str]] = {}
    for one in some:
        plain = one.resource.removeprefix("requests.").removeprefix("limits.")
        merged.setdefault((plain, one.old, one.new), []).append(one.resource)
    return ", ".join(f"{name} {old} → {new}" for (name, old, new) in merged)


def _is_same(old: str, new: str) -> bool:
    return old == new or (to_number(old) is not None and to_number(old) == to_number(new))


def _less(amount: QuotaChange) -> bool:
    old, new = to_number(amount.old), to_number(amount.new)
    if new is None:
        return False
    return old is None or new < old


def total(quantities: list[str], absent: str = UNLIMITED) -> str:
    """Return the sum of quantities as a quantity."""
    if not quantities:
        return absent
    if len(quantities) == 1:
        return quantities[0]
    return written(sum((to_number(one) or Decimal(0) for one in quantities), Decimal(0)), quantities)


def written(value: Decimal, like: list[str]) -> str:
    """Return a number as a quantity, in the largest unit that keeps it an integer."""
    binary = any(one.endswith("i") for one in like)
    for power, unit in reversed([*enumerate("KMGTP" if binary else "kMGTP", start=1)]):
        factor = Decimal(1024 if binary else 1000) ** power
        if value and value % factor == 0:
            return f"{int(value / factor)}{unit}{'i' if binary else ''}"
    return f"{int(value)}" if value == int(value) else f"{int(value * 1000)}m"


def _concerned(old: Snapshot, new: Snapshot) -> set[str]:
    """Return the subjects whose quotas or namespaces differ; the sums of all others are equal."""
    before, after = (
        {key: one.digest for key, one in snapshot.resources.items() if key.kind in KINDS} for snapshot in (old, new)
    )
    different = {key for key, _ in before.items() ^ after.items() if not key.group}
    names = {key.name if key.kind == "Namespace" else key.namespace for key in different}
    return {_subject(snapshot, name) for name in names for snapshot in (old, new)}


def _sums(snapshot: Snapshot, concerned: Container[str] | None = None) -> Sums:
    """Return the sums of these subjects, or of all."""
    sums: Sums = {}
    for identity in sorted(key for key in snapshot.resources if key.kind == "ResourceQuota" and not key.group):
        subject = _subject(snapshot, identity.namespace)
        if concerned is not None and subject not in concerned:
            continue
        hard = (snapshot.resources[identity].object.get("spec") or {}).get("hard") or {}
        for resource, quantity in hard.items():
            sums.setdefault(subject, {}).setdefault(str(resource), []).append(str(quantity))
    return sums


def _subject(snapshot: Snapshot, namespace: str) -> str:
    kube_object = snapshot.resources.get(ObjectId("", "Namespace", "", namespace))
    may = kube_object is not None and kube_object.mentions((TENANT,))
    labels = (kube_object.object.get("metadata") or {}).get("labels") or {} if kube_object and may else {}
    return f"tenant {labels[TENANT]}" if TENANT in labels else f"namespace {namespace}"


def capacity(snapshot: Snapshot, resource: str) -> Decimal | None:
    """Return how much of a resource all nodes of a snapshot have; None if no node says it."""
    plain = resource.removeprefix("requests.").removeprefix("limits.")
    found = []
    for identity, kube_object in snapshot.resources.items():
        if identity.kind == "Node" and not identity.group:
            status = kube_object.object.get("status") or {}
            value = to_number((status.get("allocatable") or status.get("capacity") or {}).get(plain))
            found += [value] if value is not None else []
    return sum(found, Decimal(0)) if found else None


def _nodes(old: Snapshot, new: Snapshot, resources: set[str]) -> Iterator[QuotaChange]:
    for resource in sorted(resources):
        before, after = capacity(old, resource), capacity(new, resource)
        if after is not None or before is not None:
            shown = [NOTHING if value is None else written(value, _units(resource)) for value in (before, after)]
            yield QuotaChange(NODES, resource, *shown)


def _units(resource: str) -> list[str]:
    return ["i"] if resource.endswith(("memory", "storage")) else []


def _exceeded(old: Snapshot, new: Snapshot, resources: set[str]) -> Iterator[DiffFinding]:
    """Yield resources of which all quotas together now promise more than the nodes have."""
    for resource in sorted(resources):
        there, had = capacity(new, resource), capacity(old, resource)
        if there is None or (promised := _promised(new, resource)) <= there:
            continue
        if had is None or _promised(old, resource) <= had:
            units = _units(resource)
            have, promise = written(there, units), written(promised, units)
            message = f"have {have} of {resource}, but all quotas together promise {promise}"
            yield DiffFinding("quota-over-capacity", Risk.NONE, NODES, message, (), "", SOURCE)


def _promised(snapshot: Snapshot, resource: str) -> Decimal:
    return sum(
        (to_number(one) or Decimal(0) for sums in _sums(snapshot).values() for one in sums.get(resource, [])),
        Decimal(0),
    )
