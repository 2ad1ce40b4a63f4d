"""All effects of the changes between two snapshots, from every module of this package, the worst first."""

from __future__ import annotations

from collections.abc import Iterable

from bedplate.diff.effects import (
    changed_images,
    compatibility,
    config_readers,
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
    volume_growth,
)
from bedplate.diff.effects.effect_finding import DiffFinding, Effects
from bedplate.diff.rules.rulebook import Rulebook, built_in_rules
from bedplate.kube.change import Changes, path_text
from bedplate.kube.snapshot import Snapshot


def find_effects(old: Snapshot, new: Snapshot, changes: Changes) -> Effects:
    """Return what the changes do. The order of the snapshots' objects does not matter.

    Args:
        old: the snapshot before.
        new: the snapshot after.
        changes: what differs between them, from compare.
    """
    book = Rulebook((*built_in_rules(), *new.rules))
    quotas = quota.quota_changes(old, new, changes)
    by_rule = list(rule_effects.findings(changes, book))
    found = [
        *by_rule,
        *_not_implied([*restart.findings(changes), *config_readers.findings(new, changes)], by_rule),
        *privilege.findings(changes),
        *rbac.findings(old, new, changes),
        *network_paths.findings(old, new, changes),
        *quota.findings(old, new, changes, quotas),
        *hostnames.findings(changes),
        *custom_kinds.findings(new, changes),
        *volume_growth.findings(new, changes),
        *removed_apis.findings(old, new, changes),
        *compatibility.findings(old, new),
        *nodes.findings(changes, book),
    ]
    return Effects(
        findings=tuple(sorted(found, key=_order)),
        images=changed_images.changed_images(old, new, changes),
        quotas=quotas,
        drains=nodes.node_reasons(changes, book, "drain"),
        reboots=nodes.node_reasons(changes, book, "reboot"),
        restarts=restart.restarted_workloads(changes),
        facts={"capacity": "known" if any(one.subject == quota.NODES for one in quotas) else "unknown"},
    )


def _not_implied(restarts: Iterable[DiffFinding], by_rule: Iterable[DiffFinding]) -> list[DiffFinding]:
    """Leave out restarts of objects that are replaced anyway, or whose restart a rule has already found."""
    prefixes = ("immutable-", "network-restart", "claim-shrunk")
    implied = {finding.subject for finding in by_rule if finding.rule.startswith(prefixes)}
    return [finding for finding in restarts if finding.subject not in implied]


def _order(finding: DiffFinding) -> tuple[int, str, str, str, str, str]:
    return (
        -finding.risk, finding.component, str(finding.subject), finding.rule, path_text(finding.path), finding.message,
    )  # fmt: skip
