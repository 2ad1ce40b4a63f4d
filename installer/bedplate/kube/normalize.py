"""Parsed documents become resources: lists are expanded, Secrets hidden, invalid objects refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from bedplate.core import digest
from bedplate.core.errors import BedplateError, ErrorList, InputError, SourceLocation
from bedplate.kube import object_id, secret_values
from bedplate.kube.object_id import ObjectId
from bedplate.kube.snapshot import Resource

NOT_OBJECTS = "kustomize.config.k8s.io"
"""Kustomizations describe how objects are generated, and are stored next to them."""
KUSTOMIZATIONS = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
"""Files that kustomize reads, also without apiVersion and kind
(https://github.com/kubernetes-sigs/kustomize/blob/master/api/konfig/general.go)."""
GENERATED = "*"
"""Written for what the API server will append to a name."""
MAX_ERRORS = 10
"""More would not help: a wrong file often has the same error everywhere."""


@dataclass(frozen=True, slots=True)
class RawValue:
    """One value of a file, not yet checked to be an object.

    Attributes:
        value: the parsed value.
        location: where it was read.
        lines: the line of each item of a list, by the item's id; empty where unknown.
        component: the component that declares it, if the file says so.
    """

    value: Any
    location: SourceLocation
    lines: Mapping[int, int]
    component: str = ""


def resources_in(found: Iterable[RawValue]) -> Iterator[Resource]:
    """Yield the objects in values, those of lists one by one; raise InputError for anything else."""
    for one in found:
        if not _is_kustomization(one):
            for value, location in _items(one):
                yield to_resource(value, location, one.component)


def to_resource(value: Any, location: SourceLocation, component: str = "") -> Resource:
    """Return an object as a resource; raise InputError if it is not a Kubernetes object."""
    check_object(value, location)
    value = secret_values.hide(_without_idle_namespace(value))
    return Resource(identity_of(value), digest.of(value), value, component, location)


def _is_kustomization(one: RawValue) -> bool:
    """Return whether a value is a kustomization, which has no metadata, and may leave out what its file's name says."""
    if not isinstance(one.value, dict):
        return False
    version = one.value.get("apiVersion")
    if version is None:
        return PurePath(one.location.file.removesuffix(".gz")).name in KUSTOMIZATIONS
    return isinstance(version, str) and version.startswith(f"{NOT_OBJECTS}/")


def _without_idle_namespace(value: dict[str, Any]) -> dict[str, Any]:
    """Return a cluster-scoped object without the namespace that many charts write, and that means nothing."""
    metadata = value["metadata"]
    if "namespace" in metadata and object_id.is_cluster_scoped(object_id.group_of(value), value["kind"]):
        return {**value, "metadata": {key: part for key, part in metadata.items() if key != "namespace"}}
    return value


def is_object(one: Resource) -> bool:
    """Return whether a resource is an object of the API server, and not a kustomization."""
    return one.identity.group != NOT_OBJECTS


def by_identity(found: Iterable[Resource]) -> dict[ObjectId, Resource]:
    """Return resources by identity, sorted; raise ErrorList if two that differ have the same.

    An object that is written twice in the same way is one object, as for kubectl. Several objects may have the same
    ``generateName``: the second one is ``<generateName>*2``.
    """
    known: dict[ObjectId, Resource] = {}
    errors: list[BedplateError] = []
    for one in _numbered(found):
        first = known.setdefault(one.identity, one)
        if first is not one and not _is_copy(first, one):
            fact = f"is a duplicate (first in {first.location})" if first.location else "is a duplicate"
            errors.append(InputError(f"object {one.identity}", fact, "remove one of the two", one.location))
    if errors:
        raise ErrorList(errors[:MAX_ERRORS])
    return dict(sorted(known.items()))


def _is_copy(first: Resource, one: Resource) -> bool:
    return first.digest == one.digest or first.object == one.object


def _numbered(found: Iterable[Resource]) -> Iterator[Resource]:
    generated: Counter[ObjectId] = Counter()
    for one in found:
        if one.identity.name.endswith(GENERATED) and "name" not in one.object["metadata"]:
            generated[one.identity] += 1
            count = generated[one.identity]
            yield one if count == 1 else one.called(f"{one.identity.name}{count}")
        else:
            yield one


def identity_of(value: dict[str, Any]) -> ObjectId:
    """Return an object's identity; an object with ``generateName`` is named ``<generateName>*``."""
    metadata = value["metadata"]
    if "name" in metadata:
        return ObjectId(*map(str, object_id.of({**value, "metadata": {**metadata, "namespace": _namespace(metadata)}})))
    return ObjectId(
        object_id.group_of(value), value["kind"], _namespace(metadata), f"{metadata['generateName']}{GENERATED}"
    )


def _namespace(metadata: dict[str, Any]) -> str:
    return metadata.get("namespace") or ""


def _items(one: RawValue) -> Iterator[tuple[Any, SourceLocation]]:
    """Yield a value, or the items of a list of objects, also of lists in lists."""
    value = one.value
    if not _is_list(value):
        yield value, one.location
        return
    items = value["items"]
    if not isinstance(items, list):
        step = "write a list of objects"
        raise InputError(f"items of {value['kind']}", f"is {_form(items)}", step, one.location)
    typed = {"apiVersion": value.get("apiVersion"), "kind": value["kind"].removesuffix("List")}
    for item in items:
        location = SourceLocation(one.location.file, one.lines.get(id(item), one.location.line))
        if isinstance(item, dict) and typed["kind"]:
            item = typed | item  # noqa: PLW2901  the API server leaves out what the list's kind says
        yield from _items(RawValue(item, location, {}, one.component))


def _is_list(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("kind"), str)
        and value["kind"].endswith("List")
        and "items" in value
    )


def check_object(value: Any, location: SourceLocation) -> None:
    """Raise InputError if a value cannot be a Kubernetes object."""
    if not isinstance(value, dict):
        step = "write apiVersion, kind and metadata"
        raise InputError("document", f"is {_form(value)}, not a Kubernetes object", step, location)
    for key in ("apiVersion", "kind"):
        if not (isinstance(value.get(key), str) and value[key]):
            raise _wrong(key, value.get(key), "text", location)
    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        raise _wrong("metadata", metadata, "a mapping", location)
    name = "generateName" if "name" not in metadata and "generateName" in metadata else "name"
    if not (isinstance(metadata.get(name), str) and metadata[name]):
        raise _wrong(f"metadata.{name}", metadata.get(name), "text", location)
    if not isinstance(metadata.get("namespace") or "", str):
        raise _wrong("metadata.namespace", metadata["namespace"], "text", location)
    for key in ("labels", "annotations"):
        if not isinstance(metadata.get(key) or {}, dict):
            raise _wrong(f"metadata.{key}", metadata[key], "a mapping", location)


def _wrong(key: str, value: Any, expected: str, location: SourceLocation) -> InputError:
    if value in (None, ""):
        step = f"write {key}; if the file is not for kubectl, give only those that are"
        return InputError("object", f"has no {key}", step, location)
    return InputError("object", f"has {_form(value)} as {key}, which must be {expected}", f"write {key}", location)


def _form(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case str():
            return "text"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "a mapping"
