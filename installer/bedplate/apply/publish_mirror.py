"""Step "Publish the mirror": lay out the files that the mirror serves, and sign its package repository."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bedplate.apply.installation import Installation
from bedplate.apply.step import Journal, Outcome
from bedplate.config.published_files import MIRROR_KEY
from bedplate.core import digest
from bedplate.core.sizes import count_of
from bedplate.pki import published
from bedplate.store import mirror_tree


@dataclass(frozen=True, slots=True)
class PublishMirror:
    """The mirror's folder has hard links to the store's files and a signed package repository."""

    installation: Installation
    id: ClassVar = "mirror-tree"
    title: ClassVar = "Publish the mirror"
    where: ClassVar = "bastion"

    def key(self) -> str:
        """Return the digest of the releases in the store."""
        return digest.of([release.model_dump(mode="json") for release in mirror_tree.store_releases()])

    def is_done(self) -> bool:
        """Return whether the mirror's folder matches the store and its signing key is published."""
        return bool(published.read_public(self.installation.site, MIRROR_KEY)) and not mirror_tree.check_mirror()

    def run(self, journal: Journal) -> Outcome:
        """Make the mirror's folder match the store, and publish its signing key."""
        changed = mirror_tree.ensure_mirror()
        changed += published.publish(self.installation.site, MIRROR_KEY, mirror_tree.public_key())
        journal.write(f"{count_of(changed, 'file')} changed")
        return Outcome(changed)
