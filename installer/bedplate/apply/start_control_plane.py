"""Step "Start the control plane": etcd and the API server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bedplate.apply.play_step import PlayStep
from bedplate.cluster import kubectl


@dataclass(frozen=True, slots=True)
class StartControlPlane(PlayStep):
    """The API server is ready."""

    id: ClassVar = "control-plane"
    title: ClassVar = "Start the control plane"
    groups: ClassVar = ("control_plane",)

    def probe(self) -> bool:
        """Return whether the API server reports that it is ready."""
        return kubectl.raw(self.installation.site, "/readyz") == b"ok"
