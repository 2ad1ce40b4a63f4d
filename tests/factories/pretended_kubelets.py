"""Nodes whose pods are bound, ready and deleted as a scheduler and kubelets would do it; nothing really runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from factories.api_server import ApiServer

Json = dict[str, Any]
POLL_SECONDS = 0.2
NODES = "/api/v1/nodes"
MERGE = {"Content-Type": "application/merge-patch+json"}


@dataclass(slots=True)
class PretendedKubelets:
    """Some nodes of an API server.

    Attributes:
        client: a client with all rights.
        alive: names of the nodes that are up.
    """

    client: httpx.Client
    alive: set[str] = field(default_factory=set)

    def die(self, name: str) -> None:
        """Let a node go down, as Kubernetes sees it a minute later."""
        self.alive.discard(name)
        self._report(name, "Unknown")
        for pod in self.client.get("/api/v1/pods", params={"fieldSelector": f"spec.nodeName={name}"}).json()["items"]:
            self._report_pod(_path(pod), "False")

    def add(self, name: str, labels: dict[str, str]) -> None:
        """Create a node."""
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
        self.client.post(NODES, json=node).raise_for_status()
        self.alive.add(name)
        self._report(name, "True")

    def work(self, names: set[str]) -> None:
        """Bring each pod of these nodes one step further."""
        for pod in self.client.get("/api/v1/pods").json()["items"]:
            node = pod["spec"].get("nodeName") or _wanted_node(pod)
            if node not in names:
                continue
            path = _path(pod)
            if "nodeName" not in pod["spec"]:
                target = {"apiVersion": "v1", "kind": "Node", "name": node}
                metadata = {"name": pod["metadata"]["name"]}
                self.client.post(
                    f"{path}/binding",
                    json={"kind": "Binding", "apiVersion": "v1", "metadata": metadata, "target": target},
                )
            elif node in self.alive and "deletionTimestamp" in pod["metadata"]:
                self.client.request("DELETE", path, json={"gracePeriodSeconds": 0})
            elif node in self.alive and pod["status"].get("phase") == "Pending":
                self._report_pod(path, "True")

    def _report_pod(self, path: str, ready: str) -> None:
        status = {"phase": "Running", "conditions": [_condition(ready)]}
        self.client.patch(f"{path}/status", json={"status": status}, headers=MERGE)

    def _report(self, name: str, status: str) -> None:
        body = {"status": {"conditions": [_condition(status)]}}
        self.client.patch(f"{NODES}/{name}/status", json=body, headers=MERGE).raise_for_status()


@contextmanager
def pretended_kubelets(server: ApiServer, names: list[str], labels: dict[str, str]) -> Iterator[PretendedKubelets]:
    """Create nodes, and serve them until the block ends; then remove them."""
    stop = threading.Event()
    with server.client() as client:
        kubelets = PretendedKubelets(client)
        thread = threading.Thread(target=_serve, args=(server, kubelets, {*names}, stop))
        try:
            for name in names:
                kubelets.add(name, labels)
            thread.start()
            yield kubelets
        finally:
            stop.set()
            if thread.ident:
                thread.join()
            for name in names:
                client.delete(f"{NODES}/{name}")


def _serve(server: ApiServer, kubelets: PretendedKubelets, names: set[str], stop: threading.Event) -> None:
    with server.client() as client:
        own = PretendedKubelets(client, kubelets.alive)
        while not stop.wait(POLL_SECONDS):
            own.work(names)


def _path(pod: Json) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def _wanted_node(pod: Json) -> str:
    """Return the node that a DaemonSet made a pod for."""
    affinity = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {"nodeSelectorTerms": []}
    fields = [one for term in affinity["nodeSelectorTerms"] for one in term.get("matchFields") or []]
    return next((str(one["values"][0]) for one in fields), "")


def _condition(status: str) -> Json:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"type": "Ready", "status": status, "lastTransitionTime": now, "lastHeartbeatTime": now, "reason": "Test"}
