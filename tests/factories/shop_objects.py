"""Objects of several kinds that a small platform can have."""

from __future__ import annotations

from typing import Any

from factories.small_platform import SECRET, SmallPlatform

Json = dict[str, Any]


def settings(shop: SmallPlatform, **data: str) -> Json:
    """Return a ConfigMap; without data it is {"color": "blue"}."""
    return shop.object("ConfigMap", "settings", {"data": data or {"color": "blue"}})


def secret(shop: SmallPlatform) -> Json:
    """Return a Secret whose value is generated on the bastion."""
    return shop.object("Secret", "shop", {"stringData": {"password": {"secretRef": SECRET}}})


def claim(shop: SmallPlatform) -> Json:
    """Return a PersistentVolumeClaim."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return shop.object("PersistentVolumeClaim", "data", {"spec": spec})


def service(shop: SmallPlatform, **port: Any) -> Json:
    """Return a Service with two ports, the fields of the second changed."""
    ports = [{"name": "http", "port": 80}, {"name": "metrics", "port": 9090, "targetPort": "metrics", **port}]
    return shop.object("Service", "web", {"spec": {"selector": {"app": "web"}, "ports": ports}})


def account(shop: SmallPlatform) -> Json:
    """Return a ServiceAccount."""
    return shop.object("ServiceAccount", "clerk", {"automountServiceAccountToken": False})


def role(shop: SmallPlatform) -> Json:
    """Return a Role."""
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
    return shop.object("Role", "clerk", {"rules": [rule]}, api="rbac.authorization.k8s.io/v1")


def definition(shop: SmallPlatform) -> Json:
    """Return the CustomResourceDefinition of a kind that no other test has."""
    group, schema = f"{shop.namespace}.bedplate.test", {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "Cart", "plural": "carts", "singular": "cart"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"carts.{group}"},
        "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": [version]},
    }


def cart(shop: SmallPlatform) -> Json:
    """Return an object of that kind."""
    return shop.object("Cart", "first", {"spec": {"wheels": 4}}, api=f"{shop.namespace}.bedplate.test/v1")


def deny_all(shop: SmallPlatform) -> Json:
    """Return a NetworkPolicy that permits nothing; an added rule would."""
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    return shop.object("NetworkPolicy", "default-deny", {"spec": spec}, api="networking.k8s.io/v1")


def quota(shop: SmallPlatform) -> Json:
    """Return a ResourceQuota."""
    return shop.object("ResourceQuota", "tenant", {"spec": {"hard": {"pods": "10"}}})
