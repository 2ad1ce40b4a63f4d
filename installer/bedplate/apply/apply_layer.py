"""Step "Apply layer": one layer's objects in the cluster, as Pulumi stacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from bedplate.apply import foreign_fields, ready_workloads
from bedplate.apply.installation import Installation
from bedplate.apply.step import Journal, Outcome
from bedplate.cluster import apply_parts
from bedplate.cluster.apply_parts import LayerRun
from bedplate.cluster.layer_parts import LayerPart
from bedplate.cluster.pulumi_resources import secrets_of
from bedplate.cluster.stack_name import StackName
from bedplate.cluster.stack_secrets import layer_fingerprint
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.object_drift.layer_drift import LayerDrift, read_layer_drift
from bedplate.store.own_installer import installer_digest


@dataclass(frozen=True, slots=True)
class ApplyLayer:
    """A layer's objects are in the cluster as rendered, and its workloads are ready.

    Attributes:
        installation: environment and release.
        name: the layer's name.
    """

    installation: Installation
    name: str
    where: ClassVar = "cluster"

    @property
    def id(self) -> str:
        """Return its name in the ledger."""
        return f"layer-{self.name}"

    @property
    def title(self) -> str:
        """Return what it does."""
        return f"Apply layer {self.name}"

    def key(self) -> str:
        """Return the digest of the objects, of their secrets (an HMAC) and of the program that applies them."""
        rendered = self.installation.layer(self.name)
        secrets = layer_fingerprint(self.installation.site, rendered)
        return digest.of([[item.object for item in rendered], secrets, installer_digest()])

    def is_done(self) -> bool:
        """Return whether no object of the layer differs from what is rendered, and every workload is ready."""
        try:
            found = self._drift()
        except BedplateError:
            return False
        if found.differences or found.unready:
            return False
        parts = self._parts(found)
        return not self._differing(parts, found) and not apply_parts.leftovers(self.installation.site, self.name, parts)

    def run(self, journal: Journal) -> Outcome:
        """Apply the stacks that differ, wait for workloads, and remove what others added to objects."""

        def report(text: str) -> None:
            journal.write(text)
            journal.say(text)

        found = self._drift()
        changed = self._apply(self._parts(found), found, report)
        found = self._drift()
        changed += foreign_fields.ensure_removed(self.installation.site, found)
        missing = ready_workloads.wait_until_ready(self.installation.site, self._drift, report)
        kept = sum(foreign_fields.is_note(one) for one in found.differences)
        return Outcome(changed, _detail(changed, len(self.installation.layer(self.name)), kept, missing))

    def _apply(self, parts: list[LayerPart], found: LayerDrift, report: Callable[[str], None]) -> int:
        site, objects = self.installation.site, self.installation.objects
        wanted = {rendered.identity for rendered in objects}
        run = LayerRun(site, self.installation.catalog, secrets_of(objects), wanted, report)
        changed = apply_parts.apply_parts(run, parts, self._differing(parts, found))
        return changed + sum(run.remove(name) for name in apply_parts.leftovers(site, self.name, parts))

    def _drift(self) -> LayerDrift:
        return read_layer_drift(self.installation.site, self.installation.objects, self.name)

    def _parts(self, found: LayerDrift) -> list[LayerPart]:
        placed = {identity: name for name, objects in found.applied.items() for identity in objects}
        return self.installation.parts(self.name, placed)

    def _differing(self, parts: list[LayerPart], found: LayerDrift) -> set[StackName]:
        """Return the stacks that have to run: of which an object differs, or whose state has other objects."""
        differing = {one.identity for one in found.differences if not foreign_fields.is_note(one)}
        return {
            part.name
            for part in parts
            if part.identities & differing or part.identities != found.applied.get(part.name, {}).keys()
        }


def _detail(changed: int, total: int, kept: int, missing: str) -> str:
    """Return the outcome in words; an apply must not say "no change" where drift finds something."""
    of_all = f" of {total}" if changed <= total else ""  # objects that the release no longer has were deleted, too
    text = f"{changed}{of_all} objects changed" if changed else ""
    labels = "1 label or annotation of others stays" if kept == 1 else f"{kept} labels and annotations of others stay"
    notes = [*([labels] if kept else []), *([missing] if missing else [])]
    return "; ".join([text or "no change", *notes]) if notes else text
