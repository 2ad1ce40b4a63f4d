"""Realistic Kubernetes objects for tests of the diff: hypothesis strategies, and a shuffle without effect."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from typing import Any

import yaml
from hypothesis import strategies as st

from bedplate.core import digest
from bedplate.diff.compare.kube_schema import SchemaNode, Schemas
from bedplate.kube import object_id, secret_values
from bedplate.kube.snapshot import Resource, Snapshot

Object = dict[str, Any]

NAMES = ("web", "api", "db", "cache", "hub")
names = st.sampled_from(NAMES)
namespaces = st.sampled_from(("lab", "team-vision"))
words = st.sampled_from(("a", "b", "1", "true", "x-1", "cpu", "10.0.0.0/8", "", "long text with spaces"))
quantities = st.sampled_from(("1", "1000m", "500m", "2Gi", "2048Mi", "4"))
labels = st.dictionaries(names, words, max_size=3)
SECRETS = ("hunter2-and-more", "s3cr3t-value-0001", "correct-horse-battery", "p")
"""Values of Secrets in these objects, which no output may contain. The last is short on purpose."""


def snapshot_of(objects: Iterable[Object], name: str = "snapshot") -> Snapshot:
    """Return objects as a snapshot, with the values of Secrets hidden as the readers hide them."""
    return unhidden_snapshot((secret_values.hide(one) for one in objects), name)


def unhidden_snapshot(objects: Iterable[Object], name: str = "snapshot") -> Snapshot:
    """Return objects as a snapshot, unchanged."""
    return Snapshot(name, {object_id.of(one): Resource(object_id.of(one), digest.of(one), one) for one in objects})


def _record(required: dict[str, Any], optional: dict[str, Any] | None = None) -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries(required, optional=optional or {})


def _unique(items: st.SearchStrategy[Object], *keys: str, most: int = 3) -> st.SearchStrategy[list[Object]]:
    return st.lists(items, max_size=most, unique_by=lambda one: tuple(str(one.get(key)) for key in keys))


def _object(api_version: str, kind: str, rest: st.SearchStrategy[Object]) -> st.SearchStrategy[Object]:
    metadata = _record({"name": names, "namespace": namespaces}, {"labels": labels, "annotations": labels})
    return st.builds(
        lambda meta, body: {"apiVersion": api_version, "kind": kind, "metadata": meta, **body}, metadata, rest
    )


resources = _record({}, {"limits": st.dictionaries(st.sampled_from(("cpu", "memory")), quantities),
                         "requests": st.dictionaries(st.sampled_from(("cpu", "memory")), quantities)})  # fmt: skip
probe = _record(
    {"httpGet": _record({"port": st.sampled_from((80, "http"))}, {"path": words, "scheme": st.just("HTTP")})},
    {"periodSeconds": st.sampled_from((10, 20)), "failureThreshold": st.just(3)},
)
env = _unique(_record({"name": names}, {"value": st.sampled_from(("1", "$(web)/x", "plain"))}), "name")
ports = _unique(
    _record({"containerPort": st.sampled_from((80, 443, 53))}, {"protocol": st.sampled_from(("TCP", "UDP"))}),
    "containerPort",
)
container = _record(
    {"name": names, "image": st.sampled_from(("quay.io/x/web:1", "quay.io/x/web:2", "web:latest"))},
    {
        "args": st.lists(st.sampled_from(("--a=1", "--a=2", "--b", "run", "{}")), max_size=4),
        "env": env,
        "ports": ports,
        "resources": resources,
        "livenessProbe": probe,
        "imagePullPolicy": st.sampled_from(("Always", "IfNotPresent")),
        "volumeMounts": _unique(_record({"name": names, "mountPath": words.map(lambda word: f"/{word}")}), "mountPath"),
        "securityContext": _record({}, {"privileged": st.booleans(), "capabilities": _record(
            {"add": st.lists(st.sampled_from(("NET_ADMIN", "SYS_TIME")), unique=True)})}),
    },
)  # fmt: skip
toleration = _record(
    {"operator": st.sampled_from(("Exists", "Equal"))}, {"key": names, "effect": st.just("NoSchedule")}
)
pod_spec = _record(
    {"containers": _unique(container, "name")},
    {
        "initContainers": _unique(container, "name"),
        "tolerations": st.lists(toleration, max_size=3),
        "dnsPolicy": st.sampled_from(("ClusterFirst", "Default")),
        "terminationGracePeriodSeconds": st.sampled_from((30, 60)),
        "hostNetwork": st.booleans(),
        "volumes": _unique(_record({"name": names}, {"emptyDir": st.just({})}), "name"),
    },
)
template = _record({"metadata": _record({}, {"labels": labels, "creationTimestamp": st.none()}), "spec": pod_spec})
deployments = _object(
    "apps/v1",
    "Deployment",
    _record({"spec": _record(
        {"template": template, "selector": _record({"matchLabels": labels})},
        {"replicas": st.sampled_from((1, 2)), "strategy": st.sampled_from(({"type": "RollingUpdate"}, {}))},
    )}, {"status": st.just({"replicas": 1})}),
)  # fmt: skip
service_ports = _unique(_record({"port": st.sampled_from((80, 443))}, {"targetPort": st.sampled_from((80, "http")),
                                 "protocol": st.just("TCP"), "name": names}), "port")  # fmt: skip
services = _object("v1", "Service", _record({"spec": _record({"ports": service_ports}, {
    "type": st.sampled_from(("ClusterIP", "NodePort")), "selector": labels})}))  # fmt: skip
documents = st.recursive(
    words | st.integers(0, 9) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
texts = (
    documents.map(lambda value: json.dumps({"value": value}))
    | documents.map(lambda value: yaml.safe_dump({"value": value, "more": 1}))
    | st.sampled_from(("", "plain", "#!/bin/sh\necho 1\n", "a: 1 # note\nb: 2\n", "key=1\nother=2\n"))
)
entries = st.dictionaries(st.sampled_from(("config.yaml", "app.json", "run.sh", "note")), texts, max_size=3)
config_maps = _object("v1", "ConfigMap", _record({}, {"data": entries}))
values_of_secrets = st.dictionaries(names, st.sampled_from(SECRETS), max_size=3)
secrets = _object("v1", "Secret", _record({}, {"stringData": values_of_secrets, "data": values_of_secrets}))
verbs = st.lists(st.sampled_from(("get", "list", "watch", "create", "*")), unique=True, min_size=1)
rules = st.lists(
    _record({"apiGroups": st.lists(st.sampled_from(("", "apps")), unique=True, min_size=1), "verbs": verbs,
             "resources": st.lists(st.sampled_from(("pods", "secrets", "nodes")), unique=True, min_size=1)}),
    max_size=4,
)  # fmt: skip
roles = _object("rbac.authorization.k8s.io/v1", "Role", _record({"rules": rules}))
subjects = st.lists(_record({"kind": st.sampled_from(("User", "Group")), "name": names},
                            {"apiGroup": st.just("rbac.authorization.k8s.io")}), max_size=3)  # fmt: skip
bindings = _object("rbac.authorization.k8s.io/v1", "RoleBinding", _record(
    {"roleRef": _record({"kind": st.just("Role"), "name": names}), "subjects": subjects}))  # fmt: skip
peers = st.lists(_record({}, {"namespaceSelector": _record({}, {"matchLabels": labels}),
                              "podSelector": _record({}, {"matchLabels": labels})}), max_size=3)  # fmt: skip
protocol = st.sampled_from(("TCP", "UDP"))
policy_ports = st.lists(_record({"port": st.sampled_from((53, 80))}, {"protocol": protocol}), max_size=2)
policies = _object("networking.k8s.io/v1", "NetworkPolicy", _record({"spec": _record({"podSelector": st.just({})}, {
    "ingress": st.lists(_record({}, {"from": peers, "ports": policy_ports}), max_size=3),
    "egress": st.lists(_record({}, {"to": peers, "ports": policy_ports}), max_size=2),
    "policyTypes": st.sampled_from((["Ingress"], ["Egress", "Ingress"]))})}))  # fmt: skip


def definition(properties: Object) -> Object:
    """Return a custom resource definition of the kind Widget whose spec has these properties."""
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Widget", "plural": "widgets"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


definitions = st.dictionaries(
    names,
    _record({"type": st.sampled_from(("string", "integer"))}, {"description": words, "enum": st.just(["a", "b"])}),
    max_size=3,
).map(definition)
widgets = _object("example.com/v1", "Widget", _record({"spec": st.dictionaries(names, documents, max_size=3)}))

KINDS = (deployments, services, config_maps, secrets, roles, bindings, policies, definitions, widgets)
objects = st.one_of(KINDS)
states = st.lists(objects, max_size=3, unique_by=object_id.of)


def _under_one_name(old: Object, new: Object) -> tuple[Object, Object]:
    where = {key: old["metadata"][key] for key in ("name", "namespace") if key in old["metadata"]}
    return old, {**new, "metadata": {**new["metadata"], **where}}


edits = st.one_of([st.builds(_under_one_name, kind, kind) for kind in KINDS])
"""Two states of one object."""


TEMPLATE = "io.k8s.api.core.v1.PodTemplateSpec"


def shuffled(value: Any, node: SchemaNode, chance: random.Random, *, lists: bool = True) -> Any:
    """Return a value with reordered keys, and reordered lists if their order has no effect, as in no pod template."""
    lists = lists and node.type != TEMPLATE
    match value:
        case dict():
            keys = chance.sample(sorted(value), len(value))
            return {key: shuffled(value[key], node.field(key), chance, lists=lists) for key in keys}
        case list():
            items = [shuffled(item, node.item, chance, lists=lists) for item in value]
            return chance.sample(items, len(items)) if lists and _is_free(value, node) else items
        case _:
            return value


def shuffled_objects(values: list[Object], chance: random.Random) -> list[Object]:
    """Return objects in another order, each shuffled."""
    schemas = Schemas(snapshot_of(values).resources.values())
    return [shuffled(one, schemas.of(one), chance) for one in chance.sample(values, len(values))]


def _is_free(values: list[Any], node: SchemaNode) -> bool:
    names_others = node.item.type.endswith(".EnvVar") and any("$(" in str(one.get("value")) for one in values)
    return node.list_type == "set" or (node.list_type == "map" and not node.ordered and not names_others)
