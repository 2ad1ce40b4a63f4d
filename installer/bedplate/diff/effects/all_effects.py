"""What the changes between two sides will do: every kind of consequence, the worst first."""

from __future__ import annotations

from collections.abc import Iterable

from bedplate.diff.effects import (
    changed_images,
    compatibility,
    custom_kinds,
    hostnames,
    network_paths,
    nodes,
    privilege,
    quota,
    rbac,
    removed_apis,
    restart,
    rule_effects,
)
from bedplate.diff.effects.effect_finding import DiffFinding, Effects
from bedplate.diff.rules.rulebook import Rulebook, built_in_rules
from bedplate.kube.change import Changes, path_text
from bedplate.kube.snapshot import Snapshot


def find_effects(old: Snapshot, new: Snapshot, changes: Changes) -> Effects:
    """Return what the changes do. Nothing of it depends on the order of the sides' objects.

    Args:
        old: before.
        new: after.
        changes: what differs between them, from compare.
    """
    book = Rulebook((*built_in_rules(), *new.rules))
    amounts = quota.quota_changes(old, new, changes)
    by_rule = list(rule_effects.findings(changes, book))
    found = [
        *by_rule,
        *_not_told(restart.findings(new, changes), by_rule),
        *privilege.findings(changes),
        *rbac.findings(old, new, changes),
        *network_paths.findings(old, new, changes),
        *quota.findings(old, new, changes, amounts),
        *hostnames.findings(changes),
        *custom_kinds.findings(new, changes),
        *removed_apis.findings(old, new, changes),
        *compatibility.findings(old, new),
        *nodes.findings(changes, book),
    ]
    return Effects(
        findings=tuple(sorted(found, key=_order)),
        images=changed_images.changed_images(old, new, changes),
        quotas=amounts,
        drains=nodes.node_reasons(changes, book, "drain"),
        reboots=nodes.node_reasons(changes, book, "reboot"),
        restarts=restart.restarted_workloads(changes),
        facts={"capacity": "known" if any(one.subject == quota.NODES for one in amounts) else "unknown"},
    )


def _not_told(found: Iterable[DiffFinding], rulings: Iterable[DiffFinding]) -> list[DiffFinding]:
    """Leave out restarts of what is replaced anyway, or restarts as a rule has already said."""
    told = {one.subject for one in rulings if one.rule.startswith(("immutable-", "network-restart", "claim-shrunk"))}
    return [one for one in found if one.subject not in told]


def _order(finding: DiffFinding) -> tuple[int, str, str, str, str, str]:
    return (
        -finding.risk, finding.component, str(finding.subject), finding.rule, path_text(finding.path), finding.message,
    )  # fmt: skip
