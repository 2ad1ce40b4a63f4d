"""Sizes of persistent volume claims, and whether a storage class lets them grow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from bedplate.core import quantity

CLAIM, CLASS = "PersistentVolumeClaim", "StorageClass"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def requested_size(claim: Mapping[str, Any]) -> tuple[str, Decimal] | None:
    """Return the size that a claim requests, as written and as a number; None if it is not a quantity."""
    requests = ((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}
    text = str(requests.get("storage", ""))
    try:
        return text, quantity.parse(text)
    except ValueError:
        return None


def storage_class(claim: Mapping[str, Any], classes: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the storage class of a claim: the one that it names, or the default one; None if it is not known."""
    known = list(classes)
    name = (claim.get("spec") or {}).get("storageClassName")
    if name is not None:
        return next((one for one in known if one["metadata"]["name"] == name), None)
    return next((one for one in known if _is_default(one)), None)


def _is_default(one: Mapping[str, Any]) -> bool:
    return (one["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true"


def can_grow(one: Mapping[str, Any] | None) -> bool:
    """Return whether a storage class lets volumes grow; a class that is not known is assumed to."""
    return one is None or bool(one.get("allowVolumeExpansion"))
