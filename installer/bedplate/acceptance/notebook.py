"""The server of the acceptance run's user, which tests share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.acceptance.hub_client import HubUser
from bedplate.core.errors import BedplateError


@dataclass(frozen=True, slots=True)
class Notebook:
    """A user's server that the tests share: starting one takes a while.

    Attributes:
        user: its owner, with an API token.
        options: the chosen namespace, size and volume.
    """

    user: HubUser
    options: dict[str, str]

    def ensure_running(self) -> None:
        """Start the server if it is not running with these options."""
        server = self.user.server()
        if server and (server["user_options"] != self.options or not (server["ready"] or server["pending"] == "spawn")):
            self.ensure_stopped()
            server = None
        if server is None:
            self.user.start(self.options)
        elif not server["ready"]:
            self.user.wait_started()

    def request_start(self) -> None:
        """Request the server if there is none, without waiting for it."""
        if self.user.server() is None:
            self.user.request_start(self.options)

    def pod(self, cluster: ClusterClient) -> dict[str, Any]:
        """Return the server's pod; other users' pods in the cluster are not looked at."""
        found = cluster.items("pods", self.options["namespace"], self._selector)
        if len(found) != 1:
            raise BedplateError(f"server of {self.user.name}", f"has {len(found)} pods")
        return found[0]

    def pods_anywhere(self, cluster: ClusterClient) -> list[str]:
        """Return the names of the user's servers' pods in all namespaces."""
        found = cluster.columns("pods", ".metadata.namespace", ".metadata.name", selector=self._selector)
        return ["/".join(names) for names in found]

    @property
    def _selector(self) -> str:
        """Return the labels that KubeSpawner gives to the pods of one user."""
        return f"component=singleuser-server,hub.jupyter.org/username={self.user.name}"

    def ensure_stopped(self) -> None:
        """Stop the server if it is running."""
        if self.user.server():
            self.user.stop()
