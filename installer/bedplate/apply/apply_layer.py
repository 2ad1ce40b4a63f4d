"""Step "Apply layer": one layer's objects in the cluster, as one Pulumi stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from bedplate.apply.installation import Installation, installer_digest
from bedplate.apply.step import Journal, Outcome
from bedplate.cluster import kubectl, pulumi_stack
from bedplate.cluster.stack_secrets import layer_fingerprint
from bedplate.core import digest
from bedplate.core.errors import BedplateError

WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet")


@dataclass(frozen=True, slots=True)
class ApplyLayer:
    """A layer's objects are in the cluster as rendered, and its workloads are ready.

    Attributes:
        installation: environment and release.
        name: the layer's name.
    """

    installation: Installation
    name: str
    where: ClassVar = "cluster"

    @property
    def id(self) -> str:
        """Return its name in the ledger."""
        return f"layer-{self.name}"

    @property
    def title(self) -> str:
        """Return what it does."""
        return f"Apply layer {self.name}"

    def key(self) -> str:
        """Return the digest of the objects, of their secrets (an HMAC) and of the program that applies them."""
        rendered = self.installation.layer(self.name)
        secrets = layer_fingerprint(self.installation.site, rendered)
        return digest.of([[item.object for item in rendered], secrets, installer_digest()])

    def is_done(self) -> bool:
        """Return whether every workload of the layer exists and is ready."""
        try:
            live = kubectl.get(self.installation.site, ",".join(WORKLOADS).lower(), "-A")
        except BedplateError:
            return False
        ready = {_name(workload) for workload in live["items"] if _is_ready(workload)}
        wanted = {_name(item.object) for item in self.installation.layer(self.name) if item.object["kind"] in WORKLOADS}
        return wanted <= ready

    def run(self, journal: Journal) -> Outcome:
        """Apply the layer's stack and wait for its workloads."""

        def report(text: str) -> None:
            journal.write(text)
            journal.say(text)

        site = self.installation.site
        result = pulumi_stack.up(site, self.name, self.installation.layer(self.name), self.installation.catalog, report)
        detail = f"{result.changed} of {result.total} objects changed" if result.changed else ""
        return Outcome(result.changed, detail)


def _name(item: dict[str, Any]) -> tuple[str, str, str]:
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _is_ready(item: dict[str, Any]) -> bool:
    status = item.get("status", {})
    if item["kind"] == "DaemonSet":
        return bool(status.get("numberReady", 0) == status.get("desiredNumberScheduled", -1))
    return bool(status.get("readyReplicas", 0) >= item["spec"].get("replicas", 1))
