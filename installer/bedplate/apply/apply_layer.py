"""Steps of the cluster: one Pulumi stack per layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bedplate.apply.installation import Installation, installer_digest
from bedplate.apply.step import Journal, Outcome
from bedplate.cluster import kubectl, pulumi_stack
from bedplate.cluster.stack_secrets import layer_fingerprint
from bedplate.core import digest
from bedplate.core.errors import BedplateError

WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet")


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer's objects are in the cluster as they are rendered, and its workloads are ready."""

    installation: Installation
    name: str
    where: str = "cluster"

    @property
    def id(self) -> str:
        """Return its name in the ledger."""
        return f"layer-{self.name}"

    @property
    def title(self) -> str:
        """Return what it brings about."""
        return f"Bring up layer {self.name}"

    def key(self) -> str:
        """Return the digest of the objects, of their secrets (an HMAC) and of the program that applies them."""
        objects = self.installation.layer(self.name)
        secrets = layer_fingerprint(self.installation.site, objects)
        return digest.of([[one.object for one in objects], secrets, installer_digest()])

    def check_(self) -> bool:
        """Return whether every workload of the layer is there and ready."""
        try:
            found = kubectl.get(self.installation.site, ",".join(WORKLOADS).lower(), "-A")
        except BedplateError:
            return False
        ready = {_name(one) for one in found["items"] if _is_ready(one)}
        wanted = {_name(one.object) for one in self.installation.layer(self.name) if one.object["kind"] in WORKLOADS}
        return wanted <= ready

    def ensure_(self, journal: Journal) -> Outcome:
        """Apply the layer's stack and wait for its workloads."""

        def told(text: str) -> None:
            journal.write(text)
            journal.say(text)

        site = self.installation.site
        result = pulumi_stack.up(site, self.name, self.installation.layer(self.name), self.installation.catalog, told)
        return Outcome(result.changed, f"{result.changed} of {result.total} objects changed" * bool(result.changed))


def _name(item: dict[str, Any]) -> tuple[str, str, str]:
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _is_ready(item: dict[str, Any]) -> bool:
    status = item.get("status", {})
    if item["kind"] == "DaemonSet":
        return bool(status.get("numberReady", 0) == status.get("desiredNumberScheduled", -1))
    return bool(status.get("readyReplicas", 0) >= item["spec"].get("replicas", 1))
