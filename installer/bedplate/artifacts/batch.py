"""Groups of locked packages that a package manager fetches in one go."""

from __future__ import annotations

from collections.abc import Iterable

from bedplate.config.release_lock import Entry


def one_version_each(entries: Iterable[Entry], name: str) -> list[list[Entry]]:
    """Split entries so that no group holds two versions of one package: apt and pip take one at a time.

    Args:
        entries: locked packages.
        name: the pin's field that holds the package's name.
    """
    groups: list[dict[str, Entry]] = []
    for entry in entries:
        group = next((group for group in groups if entry.pin[name] not in group), None)
        if group is None:
            groups.append(group := {})
        group[entry.pin[name]] = entry
    return [list(group.values()) for group in groups]
