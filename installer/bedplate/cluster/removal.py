"""Removal of what the environment no longer has: rights first, then pods, then policies; data stays.

A namespace that leaves keeps its volumes. Until an administrator deletes it, nothing can run in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from bedplate.cluster import kubectl
from bedplate.cluster.pulumi_resources import FIELD_MANAGER
from bedplate.cluster.workload_readiness import is_leaving
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.kube.conditions import is_ready
from bedplate.kube.object_id import ObjectId

RIGHTS = ("ClusterRoleBinding", "RoleBinding")
OWNERS = "cronjobs,deployments,statefulsets,daemonsets,replicasets,replicationcontrollers,jobs"
MARK = "bedplate.dev/removed"
"""Label of the objects that close a namespace that was removed."""
NAME = "bedplate-removed"
POD_SECONDS = 120

Json = dict[str, Any]


def withdraw_rights(site: Site, leaving: Iterable[ObjectId]) -> None:
    """Delete the bindings among objects that are to be deleted, before anything else of them."""
    for identity in sorted(one for one in leaving if one.kind in RIGHTS):
        where = ("--namespace", identity.namespace) if identity.namespace else ()
        kubectl.run(site, "delete", identity.kind.lower(), identity.name, *where, "--ignore-not-found")


def empty_namespace(site: Site, namespace: str) -> list[str]:
    """Take all rights in a namespace away, end its pods, and close it; its policies and its volumes stay.

    Returns:
        The pods that cannot end, as their nodes are not ready, each with its node. They end when the node is back.

    Raises:
        BedplateError: another pod did not end in time.
    """
    inside = ("--namespace", namespace)
    kubectl.run(site, "delete", "rolebindings", "--all", *inside)
    _apply(site, closing_objects(namespace))
    kubectl.run(site, "delete", OWNERS, "--all", "--cascade=background", *inside, timeout=POD_SECONDS + 30)
    try:
        kubectl.run(site, "delete", "pods", "--all", *inside, f"--timeout={POD_SECONDS}s", timeout=POD_SECONDS + 30)
    except BedplateError:
        pods, ready = kubectl.get(site, "pods", *inside)["items"], _ready_nodes(site)
        if any(pod["spec"].get("nodeName", "") in {*ready, ""} for pod in pods):
            raise
        return [f"{namespace}/{pod['metadata']['name']} on {pod['spec']['nodeName']}" for pod in pods]
    return []


def closing_objects(namespace: str) -> list[Json]:
    """Return the objects because of which nothing runs in a namespace, and nothing is reached from it."""
    metadata = {"name": NAME, "namespace": namespace, "labels": {MARK: "true"}}
    policy = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    return [
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": {"pods": "0"}}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": policy},
    ]


def live_namespaces(site: Site) -> set[str]:
    """Return the namespaces that exist and are not being deleted."""
    return {one["metadata"]["name"] for one in kubectl.get(site, "namespaces")["items"] if not is_leaving(one)}


def closed_namespaces(site: Site) -> set[str]:
    """Return the namespaces that were closed."""
    found = kubectl.get(site, "resourcequotas,networkpolicies", "--all-namespaces", "--selector", MARK)["items"]
    return {one["metadata"]["namespace"] for one in found}


def open_namespace(site: Site, namespace: str) -> None:
    """Let pods run again in a namespace that the environment has again."""
    inside = ("--namespace", namespace)
    kubectl.run(site, "delete", "resourcequotas,networkpolicies", "--selector", MARK, *inside)


def _ready_nodes(site: Site) -> set[str]:
    return {node["metadata"]["name"] for node in kubectl.get(site, "nodes")["items"] if is_ready(node)}


def _apply(site: Site, objects: list[Json]) -> None:
    content = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}).encode()
    words = ("--server-side", f"--field-manager={FIELD_MANAGER}", "--force-conflicts")
    kubectl.run(site, "apply", *words, "-f", "-", stdin=content)
