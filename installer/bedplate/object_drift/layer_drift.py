"""Drift of some of an environment's objects, as the probes of an apply need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bedplate.cluster import stack_state
from bedplate.cluster.stack_name import StackName
from bedplate.cluster.workload_readiness import is_leaving, is_ready
from bedplate.config.environments import Site
from bedplate.kube.object_id import ObjectId
from bedplate.object_drift import applied_objects, compare_objects, desired_objects, live_objects
from bedplate.object_drift.object_difference import ObjectDifference
from bedplate.render.rendered import RenderedObject


@dataclass(frozen=True, slots=True)
class LayerDrift:
    """How some live objects differ from those that are rendered.

    Attributes:
        differences: missing objects and changed values.
        unready: workloads whose pods do not all run as rendered, and objects that are being deleted.
        live: the live objects.
        applied: the objects of each stack of the environment, as its last run sent them.
    """

    differences: tuple[ObjectDifference, ...]
    unready: tuple[ObjectId, ...]
    live: dict[ObjectId, dict[str, Any]]
    applied: dict[StackName, dict[ObjectId, dict[str, Any]]]


def read_layer_drift(site: Site, objects: Sequence[RenderedObject], layer: str) -> LayerDrift:
    """Compare rendered objects with the live ones; others in the cluster do not count.

    Args:
        site: the environment.
        objects: the objects of all layers: workloads may read Secrets of any.
        layer: the layer whose objects are compared.

    Raises:
        BedplateError: the cluster does not answer.
    """
    chosen = {rendered.identity for rendered in objects if rendered.layer == layer}
    desired = desired_objects.read_desired(site, objects, chosen)
    applied = stack_state.applied(site)
    last = {
        key: applied_objects.plain(value) for found in applied.values() for key, value in found.items() if key in chosen
    }
    found = live_objects.read_live(site, {(key.group, key.kind) for key in desired})
    live = {key: found[key] for key in desired if key in found}
    return LayerDrift(
        differences=tuple(compare_objects.compare_objects(desired, last, live)),
        unready=tuple(key for key, value in live.items() if not is_ready(value) or is_leaving(value)),
        live=live,
        applied=applied,
    )
