"""Step "Join workers": workers become nodes of the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bedplate.apply.play_step import PlayStep
from bedplate.apply.run_hosts import JOINED
from bedplate.apply.site_status import read_nodes


@dataclass(frozen=True, slots=True)
class JoinWorkers(PlayStep):
    """Every worker is a node that is Ready."""

    id: ClassVar = JOINED
    title: ClassVar = "Join workers"
    groups: ClassVar = ("workers",)

    def probe(self) -> bool:
        """Return whether every worker is a node that is Ready."""
        ready = {name for name, state in read_nodes(self.installation.site).items() if state == "Ready"}
        return {host.name for host in self.chosen()} <= ready
