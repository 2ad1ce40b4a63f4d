"""Step "Apply layer": one layer's objects in the cluster, as one Pulumi stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bedplate.apply import foreign_fields
from bedplate.apply.installation import Installation
from bedplate.apply.step import Journal, Outcome
from bedplate.cluster import pulumi_stack
from bedplate.cluster.stack_secrets import layer_fingerprint
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.object_drift.layer_drift import read_layer_drift
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
            found = read_layer_drift(self.installation.site, self.installation.layer(self.name))
        except BedplateError:
            return False
        return not found.differences and not found.unready

    def run(self, journal: Journal) -> Outcome:
        """Apply the layer's stack, wait for its workloads, and remove what others added to its objects."""

        def report(text: str) -> None:
            journal.write(text)
            journal.say(text)

        site, objects = self.installation.site, self.installation.layer(self.name)
        result = pulumi_stack.up(site, self.name, objects, self.installation.catalog, report)
        found = read_layer_drift(site, objects)
        changed = result.changed + foreign_fields.ensure_removed(site, found)
        kept = sum(foreign_fields.is_note(one) for one in found.differences)
        return Outcome(changed, _detail(changed, result.total, kept))


def _detail(changed: int, total: int, kept: int) -> str:
    """Return the outcome in words; an apply must not say "no change" where drift finds something."""
    text = f"{changed} of {total} objects changed" if changed else ""
    if not kept:
        return text
    notes = "1 label or annotation of others stays" if kept == 1 else f"{kept} labels and annotations of others stay"
    return f"{text or 'no change'}; {notes}"
