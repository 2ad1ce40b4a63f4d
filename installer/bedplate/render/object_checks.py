"""Checks of all rendered objects together: duplicates, namespaces, misplaced secrets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bedplate.core.errors import BedplateError, ErrorList, InputError, SourceLocation
from bedplate.kube.object_id import CLUSTER_SCOPED, EXISTING_NAMESPACES, ObjectId

SourcedObject = tuple[ObjectId, dict[str, Any], str]
"""An object with its identity and the template that it comes from."""


def check_objects(objects: Sequence[SourcedObject]) -> None:
    """Raise ErrorList for duplicates, unknown namespaces and misplaced secrets, each with its file."""
    errors = [*_duplicates(objects), *_namespaces(objects), *_markers(objects)]
    if errors:
        raise ErrorList(errors)


def _duplicates(objects: Sequence[SourcedObject]) -> list[BedplateError]:
    first: dict[ObjectId, str] = {}
    errors: list[BedplateError] = []
    for identity, _, source in objects:
        if identity in first:
            fact = f"is a duplicate; the first is in {first[identity]}"
            errors.append(InputError(f"object {identity}", fact, "remove one of them", SourceLocation(source)))
        first.setdefault(identity, source)
    return errors


def _namespaces(objects: Sequence[SourcedObject]) -> list[BedplateError]:
    declared = EXISTING_NAMESPACES | {identity.name for identity, _, _ in objects if identity.kind == "Namespace"}
    scoped = CLUSTER_SCOPED | {
        value["spec"]["names"]["kind"]
        for identity, value, _ in objects
        if identity.kind == "CustomResourceDefinition" and value["spec"]["scope"] == "Cluster"
    }
    return [
        InputError(f"object {identity}", fact, "correct its metadata.namespace", SourceLocation(source))
        for identity, _, source in objects
        if (fact := _namespace_fact(identity, declared, scoped))
    ]


def _namespace_fact(identity: ObjectId, declared: set[str] | frozenset[str], scoped: frozenset[str]) -> str:
    if identity.kind in scoped:
        return "has a namespace, but its kind is cluster-scoped" if identity.namespace else ""
    if not identity.namespace:
        return "has no namespace"
    if identity.namespace not in declared:
        return f"is in namespace {identity.namespace}, which neither a component nor a tenant declares"
    return ""


def _markers(objects: Sequence[SourcedObject]) -> list[BedplateError]:
    """Return an error for each secret marker that would not be replaced by the secret's value."""
    fact = "uses a secret outside the stringData of a Secret"
    return [
        InputError(f"object {identity}", fact, "put it into a Secret, and refer to that", SourceLocation(source))
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
