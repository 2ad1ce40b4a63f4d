"""Sizes of existing volumes that a release or an environment would change although they cannot change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bedplate.core.errors import BedplateError, InputError
from bedplate.kube import object_id, volume_size
from bedplate.render.rendered import RenderedObject

KEEP = "keep the old size in environment.yaml (or in the overlay that sets it), or copy the data to a new volume first"


def volume_errors(rendered: Iterable[RenderedObject], live: Iterable[dict[str, Any]]) -> Iterator[BedplateError]:
    """Yield an error for each volume whose new size the API server would refuse.

    Args:
        rendered: the objects to apply.
        live: the claims and storage classes in the cluster.
    """
    wanted = {one.identity: one.object for one in rendered if one.object["kind"] == volume_size.CLAIM}
    new_classes = [one.object for one in rendered if one.object["kind"] == volume_size.CLASS]
    old = list(live)
    classes = [*new_classes, *(one for one in old if one["kind"] == volume_size.CLASS)]
    for claim in old:
        if claim["kind"] == volume_size.CLAIM and (change := wanted.get(object_id.of(claim))):
            yield from _errors(claim, change, classes)


def _errors(live: dict[str, Any], wanted: dict[str, Any], classes: list[dict[str, Any]]) -> Iterator[BedplateError]:
    has, gets = volume_size.requested_size(live), volume_size.requested_size(wanted)
    if not has or not gets or has[1] == gets[1]:
        return
    subject = f"volume {live['metadata']['namespace']}/{live['metadata']['name']}"
    if gets[1] < has[1]:
        yield InputError(subject, f"has {has[0]} and cannot shrink to {gets[0]}", KEEP)
    elif not volume_size.can_grow(found := volume_size.storage_class(live, classes)):
        name = found["metadata"]["name"] if found else ""
        fact = f"has {has[0]} and cannot grow to {gets[0]}: storage class {name} does not let volumes grow"
        yield InputError(subject, fact, KEEP)
