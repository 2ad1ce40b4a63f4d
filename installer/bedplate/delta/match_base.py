"""Finding the older blob at the site that is most similar to a new one; a patch starts from it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from bedplate.delta.inventory import Inventory

SIMILARITY = 0.8
"""How similar two roles must be if the same one is not there; found by experiment."""
NUMBER = re.compile(r"\d+")


class BaseCandidates:
    """The site's blobs by their roles, the newest release's first."""

    def __init__(self, inventory: Inventory, find_blob: Callable[[str], Path | None]) -> None:
        """Sort the site's blobs by role.

        Args:
            inventory: what the site has.
            find_blob: returns the path of a blob on this machine, None if it is not here.
        """
        self._find_blob = find_blob
        self._roles: dict[str, list[str]] = {}
        for held in sorted(inventory.releases, key=lambda held: _order(held.release), reverse=True):
            for role, number in held.roles.items():
                self._roles.setdefault(role, []).append(inventory.blobs[number][0])
        self.absent: set[str] = set()
        """Blobs that a patch could start from if they were on this machine."""

    def nearest(self, roles: Iterable[str]) -> tuple[str, Path] | None:
        """Return the digest and path of the blob that is most similar to one with these roles."""
        wanted = list(roles)
        for role in (*wanted, *filter(None, map(self._similar, wanted[:1]))):
            for sha256 in self._roles.get(role, []):
                if path := self._find_blob(sha256):
                    return sha256, path
                self.absent.add(sha256)
        return None

    def _similar(self, role: str) -> str:
        kind = _kind(role)
        same = [known for known in self._roles if _kind(known) == kind]
        return next(iter(difflib.get_close_matches(role, same, n=1, cutoff=SIMILARITY)), "")


def _kind(role: str) -> str:
    """Return `deb` of `deb:nginx`, `layer 2` of `layer 2 of quay.io/x`."""
    return role.partition(" of ")[0].partition(":")[0]


def _order(version: str) -> list[int]:
    return [int(number) for number in NUMBER.findall(version)]
