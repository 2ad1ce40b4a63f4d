"""Paths on the bastion that the installer writes to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class BastionTarget:
    """The installer's paths on the bastion, below `root`, which is / except in tests."""

    root: Path

    @property
    def store(self) -> Path:
        """Return the store of blobs and release files."""
        return self.root / "var/lib/bedplate/store"

    @property
    def opt(self) -> Path:
        """Return the folder of programs."""
        return self.root / "opt/bedplate"

    @property
    def commands(self) -> Path:
        """Return the folder on everyone's PATH."""
        return self.root / "usr/local/bin"

    def blob(self, sha256: str) -> Path:
        """Return the path of a blob in the store."""
        return self.store / "blobs/sha256" / sha256
