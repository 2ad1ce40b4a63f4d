"""Tenants of an environment on the API server, and objects that their members try to create."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from bedplate.acceptance.cluster_client import wait
from bedplate.cluster import kubectl, pulumi_stack
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from factories import api_site
from factories.api_server import ApiServer

Json = dict[str, Any]
LAYER = "foundation"
PODS = 2
QUOTA: Json = {"cpu": "2", "memory": "2Gi", "storage": "4Gi", "pods": PODS, "gpus": 1}
RESTRICTED, BASELINE, COUNTED, OTHER, LEAVING = "risk-notebooks", "risk-serving", "risk-pods", "fraud", "leaving"
"""The tenants' namespaces: three of the first tenant, one of each other."""
ELSEWHERE = "elsewhere"
"""A namespace of no tenant."""
TENANTS: list[Json] = [
    {
        "name": "risk",
        "owner": "risk@site.bedplate.test",
        "groups": {"admins": ["risk-leads"], "users": ["risk-analysts"], "viewers": ["auditors"]},
        "namespaces": [
            {"name": RESTRICTED, "quota": QUOTA},
            {"name": BASELINE, "quota": QUOTA, "podSecurity": "baseline"},
            {"name": COUNTED, "quota": QUOTA},
        ],
    },
    {
        "name": "fraud",
        "owner": "fraud@site.bedplate.test",
        "groups": {"users": ["analysts"]},
        "namespaces": [{"name": OTHER}],
    },
    {"name": "leaving", "owner": "nobody@site.bedplate.test", "namespaces": [{"name": LEAVING}]},
]
LEAD = ("--as=lead", "--as-group=risk-leads")
"""kubectl's options to act as an administrator of the first tenant."""
GUARD = "the platform owns the network policies of tenants; ask its administrators"
GUARD_SECONDS = 30
SECURITY: Json = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""What the Pod Security Standard `restricted` requires of a container."""


def apply_tenants(server: ApiServer, folder: Path) -> Site:
    """Apply the release's component `tenants` with the stack of its layer; return the environment."""
    release = server.catalog.release.version
    site = api_site.api_site(server, folder, name="tenants", release=release, tenants=TENANTS)
    whole = api_site.whole_layer(api_site.installation(site), LAYER)
    objects = [one for one in whole.objects if one.component == "tenants"]
    pulumi_stack.up(site, replace(whole, objects=objects), say=lambda _: None)
    kubectl.run(site, "create", "namespace", ELSEWHERE)
    wait(lambda: _guard_works(site), "the guard of network policies", GUARD_SECONDS, "does not work")
    return site


def _guard_works(site: Site) -> bool:
    """Return whether the API server enforces the guard; it begins a moment after the guard is created."""
    try:
        try_to_create(site, open_policy(RESTRICTED), *LEAD)
    except BedplateError as error:
        return GUARD in error.fact
    return False


def try_to_create(site: Site, value: Json, *who: str) -> Json:
    """Let the API server admit an object without keeping it, and return the object as it would be."""
    words = ("create", "--dry-run=server", "--output=json", "--filename=-")
    admitted: Json = json.loads(kubectl.run(site, *who, *words, stdin=json.dumps(value).encode()))
    return admitted


def create(site: Site, value: Json) -> None:
    """Create an object."""
    kubectl.run(site, "create", "--filename=-", stdin=json.dumps(value).encode())


def pod(namespace: str, name: str = "one", **fields: Any) -> Json:
    """Return a pod that meets `restricted`, with some fields of its container changed."""
    container = {"name": "one", "image": "registry.k8s.io/pause:3", "securityContext": SECURITY, **fields}
    return _object("v1", "Pod", namespace, name, {"containers": [container]})


def service(namespace: str, kind: str) -> Json:
    """Return a Service of a type."""
    return _object("v1", "Service", namespace, "web", {"type": kind, "ports": [{"port": 80}]})


def claim(namespace: str, size: str) -> Json:
    """Return a claim of a volume."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return _object("v1", "PersistentVolumeClaim", namespace, "data", spec)


def open_policy(namespace: str, name: str = "open") -> Json:
    """Return a NetworkPolicy that allows all traffic to all pods."""
    spec = {"podSelector": {}, "ingress": [{}], "policyTypes": ["Ingress"]}
    return _object("networking.k8s.io/v1", "NetworkPolicy", namespace, name, spec)


def binding(namespace: str, role: str, group: str) -> Json:
    """Return a binding of a ClusterRole to a group."""
    api = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{api}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "everything", "namespace": namespace},
        "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": api, "kind": "Group", "name": group}],
    }


def _object(api: str, kind: str, namespace: str, name: str, spec: Json) -> Json:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}
