"""Realistic objects of a datacenter of any size, generated from a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from bedplate.core import digest

Json = dict[str, Any]

SHARES = {
    "ConfigMap": 1500, "Service": 1200, "Deployment": 1000, "ServiceAccount": 900, "Role": 700, "RoleBinding": 700,
    "NetworkPolicy": 700, "PersistentVolumeClaim": 500, "Ingress": 400, "PodDisruptionBudget": 400, "Widget": 320,
    "HorizontalPodAutoscaler": 300, "StatefulSet": 250, "CronJob": 200, "ResourceQuota": 150, "LimitRange": 150,
    "Namespace": 150, "ClusterRole": 150, "ClusterRoleBinding": 150, "Job": 100, "DaemonSet": 50, "Secret": 20,
    "CustomResourceDefinition": 10,
}  # fmt: skip
"""Objects of each kind among 10,000."""
WHOLE = 10_000
FIELDS = 900
"""Fields of a definition: about 200 KB, like those of service meshes and operators."""
RBAC = "rbac.authorization.k8s.io"
VERSIONS = {
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet"), "apps/v1"),
    **dict.fromkeys(("CronJob", "Job"), "batch/v1"),
    **dict.fromkeys(("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"), f"{RBAC}/v1"),
    **dict.fromkeys(("NetworkPolicy", "Ingress"), "networking.k8s.io/v1"), "PodDisruptionBudget": "policy/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2", "Widget": "example.com/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
}  # fmt: skip
CLUSTER = ("Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition")


def objects(count: int, seed: int = 0) -> Iterator[Json]:
    """Yield about ``count`` objects, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311  reproducible, not a secret
    for kind, share in SHARES.items():
        for number in range(max(1, share * count // WHOLE)):
            yield _object(kind, number, chance)


def _object(kind: str, number: int, chance: random.Random) -> Json:
    body = BODIES.get(kind, dict)
    made = body(number, chance) if body is not dict else {}
    name = made.pop("name", f"{kind.lower()}-{number}")
    metadata: Json = {
        "name": name,
        "labels": {"app.kubernetes.io/name": f"app-{number}", "team": f"team-{number % 40}"},
    }
    if kind not in CLUSTER:
        metadata["namespace"] = f"namespace-{number % 150}"
    return {"apiVersion": VERSIONS.get(kind, "v1"), "kind": kind, "metadata": metadata, **made}


def _container(name: str, number: int, chance: random.Random) -> Json:
    return {
        "name": name,
        "image": f"registry.example.com/team-{number % 40}/{name}:1.{chance.randrange(30)}.{chance.randrange(9)}",
        "args": ["serve", f"--listen=:{8000 + number % 900}", "--log-level=info", f"--shard={number}"],
        "env": [{"name": f"SETTING_{i}", "value": f"value-{chance.randrange(1000)}"} for i in range(8)],
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9090}],
        "resources": {"requests": {"cpu": "500m", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}, {"name": "tmp", "mountPath": "/scratch"}],
    }


def _template(number: int, chance: random.Random, names: tuple[str, ...], policy: str = "Always") -> Json:
    return {
        "metadata": {"labels": {"app.kubernetes.io/name": f"app-{number}"}},
        "spec": {
            "serviceAccountName": f"serviceaccount-{number % 900}",
            "restartPolicy": policy,
            "imagePullSecrets": [{"name": "mirror"}],
            "securityContext": {"runAsNonRoot": True, "runAsUser": 10001},
            "containers": [_container(name, number, chance) for name in names],
            "tolerations": [{"key": "dedicated", "operator": "Exists"}, {"key": "spot", "operator": "Exists"}],
            "volumes": [
                {"name": "config", "configMap": {"name": f"configmap-{number % 1000}"}}, {"name": "tmp", "emptyDir": {}}
            ],
        },
    }  # fmt: skip


def _selector(number: int) -> Json:
    return {"matchLabels": {"app.kubernetes.io/name": f"app-{number}"}}


def _deployment(number: int, chance: random.Random) -> Json:
    template = _template(number, chance, ("web", "proxy"))
    return {"spec": {"replicas": 2 + number % 5, "selector": _selector(number), "template": template}}


def _stateful(number: int, chance: random.Random) -> Json:
    claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "10Gi"}}}}
    spec = {"serviceName": f"service-{number}", "replicas": 3, "selector": _selector(number)}
    return {"spec": {**spec, "template": _template(number, chance, ("db",)), "volumeClaimTemplates": [claim]}}


def _daemon(number: int, chance: random.Random) -> Json:
    return {"spec": {"selector": _selector(number), "template": _template(number, chance, ("agent",))}}


def _job(number: int, chance: random.Random) -> Json:
    return {"spec": {"template": _template(number, chance, ("once",), "Never")}}


def _cron(number: int, chance: random.Random) -> Json:
    return {"spec": {"schedule": f"{number % 60} 2 * * *", "jobTemplate": _job(number, chance)}}


def _service(number: int, _: random.Random) -> Json:
    ports = [
        {"name": "http", "port": 80, "targetPort": "http"},
        {"name": "metrics", "port": 9090, "targetPort": "metrics"},
    ]
    return {"spec": {"selector": _selector(number)["matchLabels"], "ports": ports}}


def _config(number: int, chance: random.Random) -> Json:
    settings = {f"setting-{i}": chance.randrange(10_000) for i in range(12)}
    data = {
        "settings.json": json.dumps(settings),
        "level": "info",
        "app.yaml": f"listen: {8000 + number}\nmode: strict\n",
    }
    name = f"configmap-{number}" if number % 3 else hashed(f"configmap-{number}", data)
    return {"name": name, "data": data}


def hashed(name: str, data: Json) -> str:
    """Return a name with a suffix of its content, as Kustomize writes it."""
    return f"{name}-{digest.of(data)[:9]}0"


def _secret(number: int, chance: random.Random) -> Json:
    return {"type": "Opaque", "stringData": {"user": f"user-{number}", "password": f"{chance.getrandbits(128):032x}"}}


def _rules(number: int, _: random.Random) -> Json:
    return {
        "rules": [
            {"apiGroups": [""], "resources": ["configmaps", "pods"], "verbs": ["get", "list", "watch"]},
            {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]},
            {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": [f"app-{number}"],
             "verbs": ["get", "update"]},
        ]
    }  # fmt: skip


def _bound(kind: str) -> Any:
    def body(number: int, _: random.Random) -> Json:
        account = {
            "kind": "ServiceAccount",
            "name": f"serviceaccount-{number}",
            "namespace": f"namespace-{number % 150}",
        }
        role = {"apiGroup": RBAC, "kind": kind, "name": f"{kind.lower()}-{number}"}
        return {"roleRef": role, "subjects": [account]}

    return body


def _policy(number: int, _: random.Random) -> Json:
    peers = [{"podSelector": _selector(other)} for other in (number + 1, number + 2)]
    rules = [{"from": peers, "ports": [{"port": 8080, "protocol": "TCP"}, {"port": 9090, "protocol": "TCP"}]}]
    return {"spec": {"podSelector": _selector(number), "policyTypes": ["Ingress"], "ingress": rules}}


def _claim(number: int, _: random.Random) -> Json:
    request = {"requests": {"storage": f"{10 + number % 90}Gi"}}
    return {"spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "fast", "resources": request}}


def _ingress(number: int, _: random.Random) -> Json:
    backend = {"service": {"name": f"service-{number}", "port": {"name": "http"}}}
    paths = [{"path": path, "pathType": "Prefix", "backend": backend} for path in ("/", "/api")]
    rule = {"host": f"app-{number}.example.com", "http": {"paths": paths}}
    return {"spec": {"ingressClassName": "nginx", "rules": [rule]}}


def _budget(number: int, _: random.Random) -> Json:
    return {"spec": {"maxUnavailable": 1, "selector": _selector(number)}}


def _scaler(number: int, _: random.Random) -> Json:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"deployment-{number}"}
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
    }
    return {"spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 10, "metrics": [metric]}}


def _quota(number: int, _: random.Random) -> Json:
    return {"spec": {"hard": {"requests.cpu": str(16 + number % 8), "requests.memory": "64Gi", "pods": "50"}}}


def _limits(_: int, __: random.Random) -> Json:
    return {"spec": {"limits": [{"type": "Container", "default": {"cpu": "1", "memory": "1Gi"}}]}}


def _definition(number: int, chance: random.Random) -> Json:
    kind = "Widget" if number == 0 else f"Widget{number}"
    fields = {
        f"field{i}": {
            "type": chance.choice(("string", "integer")),
            "description": "What it does and when to set it. " * 3,
        }
        for i in range(FIELDS)
    }
    described = {"type": "object", "properties": fields}
    version = {
        "name": "v1", "served": True, "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": described}}},
    }  # fmt: skip
    names = {"kind": kind, "plural": f"{kind.lower()}s"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return {"name": f"{kind.lower()}s.example.com", "spec": spec}


def _widget(_: int, chance: random.Random) -> Json:
    return {"spec": {f"field{i}": f"value-{chance.randrange(1000)}" for i in range(10)}}


BODIES: dict[str, Any] = {
    "Deployment": _deployment, "StatefulSet": _stateful, "DaemonSet": _daemon, "Job": _job, "CronJob": _cron,
    "Service": _service, "ConfigMap": _config, "Secret": _secret, "Role": _rules, "ClusterRole": _rules,
    "RoleBinding": _bound("Role"), "ClusterRoleBinding": _bound("ClusterRole"), "NetworkPolicy": _policy,
    "PersistentVolumeClaim": _claim, "Ingress": _ingress, "PodDisruptionBudget": _budget,
    "HorizontalPodAutoscaler": _scaler, "ResourceQuota": _quota, "LimitRange": _limits,
    "CustomResourceDefinition": _definition, "Widget": _widget,
}  # fmt: skip
