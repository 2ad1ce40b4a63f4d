"""Finding, for a new blob, the older one at the site that is most like it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from bedplate.delta.inventory import Inventory

SIMILARITY = 0.8
"""How alike two roles are to be, where the very same is not there; found by trying."""
NUMBER = re.compile(r"\d+")


class BaseCandidates:
    """The site's blobs by the roles they play, the newest release's first."""

    def __init__(self, have: Inventory, local: Callable[[str], Path | None]) -> None:
        """Remember the roles.

        Args:
            have: the site's inventory.
            local: gives the place of a blob on this machine, None if it is not here.
        """
        self._local = local
        self._roles: dict[str, list[str]] = {}
        for held in sorted(have.releases, key=lambda held: _order(held.release), reverse=True):
            for role, number in held.roles.items():
                self._roles.setdefault(role, []).append(have.blobs[number][0])
        self.absent: set[str] = set()
        """Blobs that a patch could start from, were they on this machine."""

    def nearest(self, roles: Iterable[str]) -> tuple[str, Path] | None:
        """Return the digest and place of the blob that is most like one with these roles."""
        wanted = list(roles)
        for role in (*wanted, *filter(None, map(self._alike, wanted[:1]))):
            for sha256 in self._roles.get(role, []):
                if path := self._local(sha256):
                    return sha256, path
                self.absent.add(sha256)
        return None

    def _alike(self, role: str) -> str:
        kind = _kind(role)
        same = [known for known in self._roles if _kind(known) == kind]
        return next(iter(difflib.get_close_matches(role, same, n=1, cutoff=SIMILARITY)), "")


def _kind(role: str) -> str:
    """Return `deb` of `deb:nginx`, `layer 2` of `layer 2 of quay.io/x`."""
    return role.partition(" of ")[0].partition(":")[0]


def _order(version: str) -> list[int]:
    return [int(number) for number in NUMBER.findall(version)]
