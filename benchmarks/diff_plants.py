"""Planted changes: edits of one object in fifty, and of one in a hundred without an effect."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from seeded_objects import RBAC, Json, hashed, objects

EACH = 50
NOISE = 100
RARE = (("Secret", 3), ("CustomResourceDefinition", 2))
"""Kinds with few objects, with the number of the one that changes."""


class Plant(NamedTuple):
    """One planted change.

    Attributes:
        kind: of the object.
        names: of the object; for a rename, the old and the new one.
        words: the changed path's last key, and the new value; a tool that finds the change prints one of them.
    """

    kind: str
    names: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TwoStates:
    """Two states of a datacenter, and the changes planted in the second."""

    old: list[Json]
    new: list[Json]
    plants: list[Plant]


def two_states(count: int, seed: int = 0) -> TwoStates:
    """Return two states of about ``count`` objects; the second one is in another order."""
    old = list(objects(count, seed))
    chance = random.Random(seed + 1)  # noqa: S311  reproducible, not a secret
    new, plants = [], []
    seen: dict[str, int] = {}
    for kept in old:
        one = kept
        kind = one["kind"]
        number = seen[kind] = seen.get(kind, -1) + 1
        if kind in EDITS and (number % EACH == EACH // 2 or (kind, number) in RARE):
            one = copy.deepcopy(one)
            was = one["metadata"]["name"]
            words = EDITS[kind][number // EACH % len(EDITS[kind])](one)
            names = tuple({was: 0, one["metadata"]["name"]: 0})
            plants.append(Plant(kind, names, (*words, *names) if len(names) > 1 else words))
        elif number % NOISE == 7:  # noqa: PLR2004  apart from what is planted
            one = shuffled(one, chance)
        new.append(one)
    removed, added = _remove_and_add(new)
    return TwoStates(old, chance.sample(new, len(new)), [*plants, removed, added])


def _remove_and_add(new: list[Json]) -> tuple[Plant, Plant]:
    """Remove one ConfigMap, and add one that is not similar to any other."""
    index = next(
        i for i, one in enumerate(new) if one["kind"] == "ConfigMap" and one["metadata"]["name"] == "configmap-11"
    )
    removed = new.pop(index)
    new.append({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "brand-new", "namespace": "namespace-3"},
        "data": {"greeting": "hello", "colour": "blue", "shape": "round", "weight": "light"},
    })  # fmt: skip
    was = removed["metadata"]["name"]
    return Plant("ConfigMap", (was,), (was,)), Plant("ConfigMap", ("brand-new",), ("brand-new",))


def shuffled(one: Json, chance: random.Random) -> Json:
    """Return an object with its keys, and the lists that have keys, in another order.

    Lists in a pod template keep theirs, because another one re-creates the pods.
    """
    return {key: _shuffled(value, chance) for key, value in reversed(one.items())}


FREE = (
    "env",
    "ports",
    "volumeMounts",
    "volumes",
    "tolerations",
    "rules",
    "resources",
    "verbs",
    "from",
    "paths",
    "containers",
)


def _shuffled(value: Any, chance: random.Random, *, lists: bool = True) -> Any:
    if not isinstance(value, dict):
        return value
    made: Json = {}
    for key in chance.sample(list(value), len(value)):
        item, free = value[key], lists and key != "template"
        if isinstance(item, list):
            item = [_shuffled(part, chance, lists=free) for part in item]
            made[key] = chance.sample(item, len(item)) if free and key in FREE else item
        else:
            made[key] = "1000m" if (key, item) == ("cpu", "1") else _shuffled(item, chance, lists=free)
    return made


def _pod(one: Json) -> Any:
    spec = one["spec"].get("jobTemplate", one)["spec"]
    return spec["template"]["spec"]["containers"][0]


def _image(one: Json) -> tuple[str, ...]:
    image = _pod(one)["image"].rpartition(":")[0] + ":9.9.9"
    _pod(one)["image"] = image
    return "image", "9.9.9"


def _variable(one: Json) -> tuple[str, ...]:
    _pod(one)["env"].insert(0, {"name": "NEW_SETTING", "value": "fresh"})
    return ("NEW_SETTING",)


def _flag(one: Json) -> tuple[str, ...]:
    _pod(one)["args"][2] = "--log-level=debug"
    return ("--log-level=debug",)


def _settings(one: Json) -> tuple[str, ...]:
    """Change one value in a document; a generated name changes with it."""
    plain = hashed(name := one["metadata"]["name"].rpartition("-")[0], one["data"]) != one["metadata"]["name"]
    settings = json.loads(one["data"]["settings.json"]) | {"setting-3": 77777}
    one["data"]["settings.json"] = json.dumps(settings)
    if not plain:
        one["metadata"]["name"] = hashed(name, one["data"])
    return "setting-3", "77777"


def _at(path: str, value: Any, *words: str) -> Callable[[Json], tuple[str, ...]]:
    """Return an edit that sets the value at a path, or appends to the list there."""

    def edit(one: Json) -> tuple[str, ...]:
        before: list[Any]
        last: Any
        *before, last = [int(step) if step.isdigit() else step for step in path.split("/")]
        parent: Any = one
        for step in before:
            parent = parent[step]
        if isinstance(parent, list):
            parent[last : last + 1] = [value]
        else:
            parent[last] = value
        return words or (str(last), str(value))

    return edit


EDITS: dict[str, list[Callable[[Json], tuple[str, ...]]]] = {
    "Deployment": [_image, _variable, _at("spec/replicas", 9), _flag],
    "StatefulSet": [_image, _variable],
    "DaemonSet": [_flag],
    "CronJob": [_at("spec/schedule", "59 5 * * *"), _image],
    "Job": [_image],
    "ConfigMap": [_settings],
    "Service": [_at("spec/ports/2", {"name": "extra", "port": 9443}, "9443"),
                _at("spec/ports/0/targetPort", 8081)],
    "ServiceAccount": [_at("automountServiceAccountToken", value=False)],
    "Role": [_at("rules/1/verbs/2", "delete", "delete")],
    "ClusterRole": [_at("rules/0/resources/2", "secrets", "secrets")],
    "RoleBinding": [_at("subjects/1", {"kind": "Group", "name": "operators", "apiGroup": RBAC}, "operators")],
    "NetworkPolicy": [_at("spec/ingress/0/ports/2", {"port": 9999, "protocol": "TCP"}, "9999")],
    "PersistentVolumeClaim": [_at("spec/resources/requests/storage", "500Gi")],
    "Ingress": [_at("spec/rules/0/host", "moved.example.com", "moved.example.com")],
    "PodDisruptionBudget": [_at("spec/maxUnavailable", 2)],
    "HorizontalPodAutoscaler": [_at("spec/maxReplicas", 40)],
    "ResourceQuota": [_at("spec/hard/pods", "80")],
    "Widget": [_at("spec/field4", "other")],
    "Secret": [_at("stringData/password", "n3w", "password")],
    "CustomResourceDefinition": [
        _at("spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/fresh", {"type": "string"}, "fresh")
    ],
}  # fmt: skip
