"""Step "Start the control plane": etcd and the API server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bedplate.apply.play_step import PlayStep
from bedplate.cluster import admin_kubeconfig, kubectl


@dataclass(frozen=True, slots=True)
class StartControlPlane(PlayStep):
    """The API server is ready, and its certificates are renewed in time."""

    id: ClassVar = "control-plane"
    title: ClassVar = "Start the control plane"
    groups: ClassVar = ("control_plane",)

    def probe(self) -> bool:
        """Return whether the API server is ready, and the administrator's certificate was renewed in time.

        Once certificates have ended, the API server does not answer; the play renews them on the host.
        """
        site = self.installation.site
        return kubectl.raw(site, "/readyz") == b"ok" and not admin_kubeconfig.ends_soon(site)
