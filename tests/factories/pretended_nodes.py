"""Pods reported as ready, and volumes bound, although there are no nodes: stacks need not wait for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx

from factories.api_server import ApiServer

Json = dict[str, Any]
POLL_SECONDS = 0.2
PODS, CLAIMS, VOLUMES = "/api/v1/pods", "/api/v1/persistentvolumeclaims", "/api/v1/persistentvolumes"
CONDITIONS = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
MERGE = {"Content-Type": "application/merge-patch+json"}


@contextmanager
def pretended_nodes(server: ApiServer) -> Iterator[None]:
    """Report every pod as ready and provide every volume until the block ends; nothing really runs."""
    stop = threading.Event()
    thread = threading.Thread(target=_work, args=(server, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _work(server: ApiServer, stop: threading.Event) -> None:
    with server.client() as client:
        while not stop.wait(POLL_SECONDS):
            for pod in _pending(client, PODS):
                _report_ready(client, pod)
            for claim in _pending(client, CLAIMS):
                client.post(VOLUMES, json=_volume(claim))  # refused if it exists


def _pending(client: httpx.Client, path: str) -> list[Json]:
    found = client.get(path).json()["items"]
    return [one for one in found if one["status"].get("phase") == "Pending"]


def _report_ready(client: httpx.Client, pod: Json) -> None:
    metadata, now = pod["metadata"], datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions = [{"type": kind, "status": "True", "lastTransitionTime": now} for kind in CONDITIONS]
    path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/status"
    client.patch(path, json={"status": {"phase": "Running", "conditions": conditions}}, headers=MERGE)


def _volume(claim: Json) -> Json:
    """Return a volume for one claim; Kubernetes' own controller binds the two."""
    metadata, spec = claim["metadata"], claim["spec"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": metadata["uid"]},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": spec["resources"]["requests"],
            "claimRef": {"namespace": metadata["namespace"], "name": metadata["name"]},
            "hostPath": {"path": "/nonexistent"},
            "storageClassName": spec.get("storageClassName", ""),
        },
    }
