"""The effects of the change between two snapshots written as YAML, for tests."""

from __future__ import annotations

from typing import Any

import yaml

from bedplate.core import digest
from bedplate.diff.compare.compare_snapshots import compare
from bedplate.diff.effects.all_effects import find_effects
from bedplate.diff.effects.effect_finding import Effects
from bedplate.kube.object_id import of
from bedplate.kube.snapshot import Resource, Snapshot


def snapshot_of(text: str, **more: Any) -> Snapshot:
    """Return a snapshot of the objects of a YAML text."""
    objects = [one for one in yaml.safe_load_all(text) if one]
    return Snapshot("snapshot", {of(one): Resource(of(one), digest.of(one), one) for one in objects}, **more)


def effects_between(old: Snapshot | str, new: Snapshot | str) -> Effects:
    """Return the effects of the change from one snapshot to the other."""
    before, after = (snapshot_of(one) if isinstance(one, str) else one for one in (old, new))
    return find_effects(before, after, compare(before, after))


def messages(found: Effects) -> list[tuple[str, str]]:
    """Return rules and messages, worst first."""
    return [(one.rule, one.message) for one in found.findings]
