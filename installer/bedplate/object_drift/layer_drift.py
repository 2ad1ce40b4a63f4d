"""Drift of some of an environment's objects, as the probes of an apply need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bedplate.cluster.workload_readiness import is_leaving, is_ready
from bedplate.config.environments import Site
from bedplate.kube.object_id import ObjectId
from bedplate.object_drift import compare_objects, desired_objects, live_objects
from bedplate.object_drift.object_difference import ObjectDifference
from bedplate.render.rendered import RenderedObject


@dataclass(frozen=True, slots=True)
class LayerDrift:
    """How some live objects differ from those that are rendered.

    Attributes:
        differences: missing objects and changed values.
        unready: workloads whose pods do not all run as rendered, and objects that are being deleted.
        live: the live objects.
    """

    differences: tuple[ObjectDifference, ...]
    unready: tuple[ObjectId, ...]
    live: dict[ObjectId, dict[str, Any]]


def read_layer_drift(site: Site, objects: Sequence[RenderedObject]) -> LayerDrift:
    """Compare rendered objects with the live ones; others in the cluster do not count.

    Args:
        site: the environment.
        objects: what is rendered, such as a layer.

    Raises:
        BedplateError: the cluster does not answer.
    """
    desired = desired_objects.read_desired(site, objects)
    found = live_objects.read_live(site, {(key.group, key.kind) for key in desired})
    live = {key: found[key] for key in desired if key in found}
    return LayerDrift(
        differences=tuple(compare_objects.compare_objects(desired, {}, live)),
        unready=tuple(key for key, value in live.items() if not is_ready(value) or is_leaving(value)),
        live=live,
    )
