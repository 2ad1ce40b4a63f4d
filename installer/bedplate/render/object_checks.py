"""What is wrong with a set of rendered objects as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bedplate.core.errors import BedplateError, Findings, InputError, Place
from bedplate.kube.object_id import CLUSTER_SCOPED, EXISTING_NAMESPACES, Identity

Found = tuple[Identity, dict[str, Any], str]


def check_objects(objects: Sequence[Found]) -> None:
    """Raise Findings on duplicates, unknown namespaces and misplaced secrets, each with its file."""
    errors = [*_duplicates(objects), *_namespaces(objects), *_markers(objects)]
    if errors:
        raise Findings(errors)


def _duplicates(objects: Sequence[Found]) -> list[BedplateError]:
    first: dict[Identity, str] = {}
    errors: list[BedplateError] = []
    for identity, _, source in objects:
        if identity in first:
            fact = f"is declared twice; the first is in {first[identity]}"
            errors.append(InputError(f"object {identity}", fact, "remove one of them", Place(source)))
        first.setdefault(identity, source)
    return errors


def _namespaces(objects: Sequence[Found]) -> list[BedplateError]:
    known = EXISTING_NAMESPACES | {identity.name for identity, _, _ in objects if identity.kind == "Namespace"}
    scoped = CLUSTER_SCOPED | {
        value["spec"]["names"]["kind"]
        for identity, value, _ in objects
        if identity.kind == "CustomResourceDefinition" and value["spec"]["scope"] == "Cluster"
    }
    return [
        InputError(f"object {identity}", fact, "", Place(source))
        for identity, _, source in objects
        if (fact := _namespace_fact(identity, known, scoped))
    ]


def _namespace_fact(identity: Identity, known: set[str] | frozenset[str], scoped: frozenset[str]) -> str:
    if identity.kind in scoped:
        return "has a namespace, and its kind has none" if identity.namespace else ""
    if not identity.namespace:
        return "names no namespace"
    if identity.namespace not in known:
        return f"is in namespace {identity.namespace}, which no component and no tenant declares"
    return ""


def _markers(objects: Sequence[Found]) -> list[BedplateError]:
    """Return an error for each marker of a secret that the stack would not fill in."""
    fact = "takes a secret's value outside a Secret's stringData"
    return [
        InputError(f"object {identity}", fact, "put it into a Secret and refer to that", Place(source))
        for identity, value, source in objects
        if _has_marker({**value, "stringData": None} if identity.kind == "Secret" else value)
    ]


def _has_marker(value: Any) -> bool:
    match value:
        case {"secretRef": str()} if len(value) == 1:
            return True
        case dict():
            return any(_has_marker(item) for item in value.values())
        case list():
            return any(_has_marker(item) for item in value)
        case _:
            return False
