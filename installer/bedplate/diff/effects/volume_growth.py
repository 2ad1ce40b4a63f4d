"""Volume claims that are made larger although their storage class does not let volumes grow."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.kube import volume_size
from bedplate.kube.change import Action, Changes
from bedplate.kube.snapshot import Snapshot

PATH = ("spec", "resources", "requests", "storage")
SOURCE = "https://kubernetes.io/docs/concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims"


def findings(new: Snapshot, changes: Changes) -> Iterator[DiffFinding]:
    """Yield the claims that cannot have their new size; apply refuses them."""
    changed = [
        one for one in changes.objects if one.identity.kind == volume_size.CLAIM and one.action is Action.CHANGED
    ]
    if not changed:
        return
    classes = [one.object for key, one in new.resources.items() if key.kind == volume_size.CLASS]
    for change in changed:
        if not (change.old and change.new):
            continue
        before, after = volume_size.requested_size(change.old.object), volume_size.requested_size(change.new.object)
        used = volume_size.storage_class(change.new.object, classes)
        if before and after and after[1] > before[1] and used and not volume_size.can_grow(used):
            name = used["metadata"]["name"]
            message = f"cannot grow ({before[0]} → {after[0]}): storage class {name} does not let volumes grow"
            yield DiffFinding(
                "claim-cannot-grow", Risk.DISRUPTION, change.identity, message, PATH, change.resource.component, SOURCE
            )
