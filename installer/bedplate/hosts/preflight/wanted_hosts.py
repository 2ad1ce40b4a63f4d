"""What a release wants of a site's hosts, as far as preflight compares it with the facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bedplate.config.release import Platform


@dataclass(frozen=True, slots=True)
class WantedHosts:
    """What a release wants of a site's hosts.

    Attributes:
        platform: the distribution and architecture that it is built for.
        pinned: host to the packages that it has in exactly the release's version: name to version.
    """

    platform: Platform
    pinned: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def pinned_on(self, host: str) -> Mapping[str, str]:
        """Return the packages that a host has in exactly the release's version."""
        return self.pinned.get(host, {})
