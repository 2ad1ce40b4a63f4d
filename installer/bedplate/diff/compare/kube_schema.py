"""What a schema says of a value: Kubernetes' own kinds from their OpenAPI, custom kinds from their definitions."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from bedplate.kube.snapshot import Resource

DATA = Path(__file__).parent / "data" / "kubernetes.json"
"""Made by openapi.py."""
META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
QUANTITY_MAPS = frozenset({"limits", "requests", "hard", "capacity"})
"""Keys under which custom kinds without a schema keep quantities, as Kubernetes' own do."""

RawSchema = Mapping[str, Any]


def _within(value: RawSchema, *keys: str) -> RawSchema:
    """Return the mapping at some keys; an empty one where a definition that is wrong has something else there."""
    for key in keys:
        inner = value.get(key)
        value = inner if isinstance(inner, dict) else {}
    return value


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(map(str, values)) if isinstance(values, list) else ()


class _Missing:
    """No default: absent is something else than any value."""


MISSING: Final = _Missing()


class SchemaNode:
    """What the schema says of one value.

    Attributes:
        type: name of Kubernetes' own definition; empty for other values.
        native: whether Kubernetes' own schema describes it; then null, absent and an empty collection are one.
        quantity: whether it is a quantity such as 500m.
        collection: whether it is a list or a mapping with free keys.
        list_type: map, set, atomic, or empty where the schema does not say.
        keys: what tells the elements of a map list apart.
        label: what people call the elements of a set by.
        ordered: whether the order matters although the elements have keys.
        ignored: whether the server ignores what is written here.
        default: what the server takes where the value is absent, or MISSING.
    """

    __slots__ = (
        "_children", "_item", "_properties", "_raw", "collection", "default", "ignored", "keys", "label",
        "list_type", "native", "ordered", "quantity", "type",
    )  # fmt: skip

    def __init__(self, raw: RawSchema, *, native: bool) -> None:
        """Take a JSON schema: OpenAPI's, cut down by openapi.py, or a custom resource definition's."""
        self._raw = raw
        self._children: dict[str, SchemaNode] = {}
        self._item: SchemaNode | None = None
        self.native = native
        self.type = str(raw.get("$ref", ""))
        self._properties: RawSchema = definitions().get(self.type, {}) if self.type else _within(raw, "properties")
        self.quantity = raw.get("format") == "quantity" or (
            bool(raw.get("x-kubernetes-int-or-string")) and "KMGTPE" in str(raw.get("pattern"))
        )
        self.collection = "items" in raw or "additionalProperties" in raw
        self.list_type: str = raw.get("x-kubernetes-list-type", "")
        self.keys = _texts(raw.get("x-kubernetes-list-map-keys"))
        self.label = _texts(raw.get("x-kubernetes-label"))
        self.ordered: bool = raw.get("x-kubernetes-ordered", False)
        self.ignored: bool = raw.get("x-bedplate-ignored", False)
        self.default: Any = raw.get("default", MISSING)

    def field(self, key: str) -> SchemaNode:
        """Return what the schema says of the value of a key."""
        node = self._children.get(key)
        if node is None:
            node = self._children[key] = self._field(key)
        return node

    @property
    def item(self) -> SchemaNode:
        """Return what the schema says of the elements of a list."""
        if self._item is None:
            raw = self._raw.get("items")
            self._item = SchemaNode(raw, native=self.native) if isinstance(raw, dict) else UNKNOWN
        return self._item

    def _field(self, key: str) -> SchemaNode:
        raw = self._properties.get(key)
        if key == "metadata" and (self.native or self._raw.get("x-kubernetes-embedded-resource")):
            return SchemaNode(raw if self.native and isinstance(raw, dict) else {"$ref": META}, native=True)
        if raw is None:
            raw = self._raw.get("additionalProperties")
        if isinstance(raw, dict):
            return SchemaNode(raw, native=self.native)
        return QUANTITIES if not self.native and key in QUANTITY_MAPS else UNKNOWN


UNKNOWN = SchemaNode({}, native=False)
"""A value of which no schema says anything."""
QUANTITIES = SchemaNode({"additionalProperties": {"format": "quantity"}}, native=False)


class Schemas:
    """The schemas of the kinds of two sides: Kubernetes' own, and those that either side defines."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        """Take the resources of both sides, the new side's last: its definitions win."""
        self._of_group: dict[str, list[Resource]] = {}
        for resource in resources:
            if resource.identity.kind == "CustomResourceDefinition":
                # A definition is named <plural>.<group>; it is large, and parsed when an object of its kind differs.
                self._of_group.setdefault(resource.identity.name.partition(".")[2], []).append(resource)
        self._definitions: dict[tuple[str, str], dict[str, Any]] = {}
        self._nodes: dict[tuple[str, str], SchemaNode] = {}

    def of(self, value: Mapping[str, Any]) -> SchemaNode:
        """Return the schema of an object."""
        key = (str(value.get("apiVersion", "")), str(value.get("kind", "")))
        if key not in self._nodes:
            self._nodes[key] = native_schema(*key) or self._custom(*key)
        return self._nodes[key]

    def _define(self, value: dict[str, Any]) -> None:
        spec = value.get("spec")
        if isinstance(spec, dict) and isinstance(spec.get("names"), dict):
            self._definitions[str(spec.get("group", "")), str(spec["names"].get("kind", ""))] = spec

    def _custom(self, api_version: str, kind: str) -> SchemaNode:
        group, _, version = api_version.rpartition("/")
        for resource in self._of_group.get(group, ()):
            if resource.mentions((kind,)):
                self._define(resource.object)
        spec = self._definitions.get((group, kind), {})
        versions = spec.get("versions")
        known = [one for one in versions if isinstance(one, dict)] if isinstance(versions, list) else []
        found = next((one for one in known if one.get("name") == version), known[0] if known else spec)
        schema = _within(found, "schema", "openAPIV3Schema") or _within(spec, "validation", "openAPIV3Schema")
        properties = {**_within(schema, "properties")}
        if "status" in (_within(found, "subresources") or _within(spec, "subresources")):
            properties["status"] = {"x-bedplate-ignored": True}
        return SchemaNode({**schema, "properties": properties, "x-kubernetes-embedded-resource": True}, native=False)


@functools.cache
def native_schema(api_version: str, kind: str) -> SchemaNode | None:
    """Return the schema of one of Kubernetes' own kinds; of a version it no longer has, the nearest it has."""
    group, _, version = api_version.rpartition("/")
    kinds: dict[str, str] = _data()["kinds"]
    name = kinds.get(f"{group}/{version}/{kind}") or _newest(kinds, group, kind)
    return SchemaNode({"$ref": name}, native=True) if name else None


def _newest(kinds: dict[str, str], group: str, kind: str) -> str | None:
    """Return the definition of a kind in another version, or of a kind that left the group extensions."""
    names = [
        (("beta" not in key and "alpha" not in key), key, name)
        for key, name in kinds.items()
        if key.endswith(f"/{kind}") and (key.startswith(f"{group}/") or group == "extensions")
    ]
    return max(names)[2] if names else None


def definitions() -> dict[str, dict[str, Any]]:
    """Return what is kept of Kubernetes' own definitions: name to fields to schema."""
    found: dict[str, dict[str, Any]] = _data()["types"]
    return found


@functools.cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(DATA.read_bytes())
    return data
