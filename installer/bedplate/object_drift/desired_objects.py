"""Desired objects: what the next apply would send, with secrets hidden."""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from typing import Any

from bedplate.cluster import pulumi_resources
from bedplate.config.environments import Site
from bedplate.core import digest
from bedplate.kube import secret_values
from bedplate.kube.object_id import SECRET_REF, ObjectId
from bedplate.kube.snapshot import Resource
from bedplate.pki.secret_files import read_secret
from bedplate.render.rendered import RenderedObject


def read_desired(
    site: Site, objects: Sequence[RenderedObject], chosen: Collection[ObjectId] | None = None
) -> dict[ObjectId, Resource]:
    """Return rendered objects as the stacks complete them.

    Args:
        site: the environment, for its secrets.
        objects: the objects, and all Secrets that their workloads read.
        chosen: the objects that are returned; all by default.
    """
    desired: dict[ObjectId, Resource] = {}
    secrets = pulumi_resources.secrets_of(objects)
    for rendered in objects:
        if chosen is not None and rendered.identity not in chosen:
            continue
        completed = pulumi_resources.with_secret_digest(site, rendered, secrets)
        value = secret_values.hide(_resolved(site, completed))
        desired[rendered.identity] = Resource(rendered.identity, digest.of(value), value, rendered.component)
    return desired


def _resolved(site: Site, value: dict[str, Any]) -> dict[str, Any]:
    """Return a Secret with its values, as the cluster keeps it; return any other object as it is."""
    texts = value.get("stringData")
    if value["kind"] != "Secret" or not texts:
        return value
    rest = {key: item for key, item in value.items() if key != "stringData"}
    data = {key: base64.b64encode(_value(site, item)).decode() for key, item in texts.items()}
    return {**rest, "data": {**(value.get("data") or {}), **data}}


def _value(site: Site, item: Any) -> bytes:
    return read_secret(site, item[SECRET_REF]) if isinstance(item, dict) else str(item).encode()
