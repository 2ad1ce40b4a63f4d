"""Mapping of rendered objects to Pulumi resources (contract 3, docs/explanation/design.md)."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from itertools import groupby
from typing import Any

import pulumi

from bedplate.cluster import admin_kubeconfig, stack_secrets
from bedplate.cluster.apply_rank import rank
from bedplate.config.environments import Site
from bedplate.kube import object_id
from bedplate.pki.secret_files import read_secret
from bedplate.render.canonical import referenced_names
from bedplate.render.rendered import RenderedObject

FIELD_MANAGER = "bedplate"
SECRET_DIGEST = "bedplate.dev/secret-digest"  # noqa: S105  an annotation's name
NO_RESTART = "bedplate.dev/no-restart"
"""Annotation of a Secret whose pods read the mounted file each time they need it: a new value restarts none."""
RETAINED_KINDS = frozenset({"CustomResourceDefinition", "Namespace", "PersistentVolumeClaim"})
"""Kinds that a stack never deletes, because users' data would go with them."""

UNAWAITED_KINDS = frozenset({"APIService", "DaemonSet", "PersistentVolumeClaim", "Service"})
"""Kinds that Pulumi does not wait for.

DaemonSets are waited for in daemon_wait: Pulumi would wait for nodes that are down, too. The others become ready only
through workloads, which are applied later and awaited.
"""

Secrets = dict[tuple[str, str], list[str]]
"""References to values on the bastion, by namespace and name of the Secret that has them."""


def declare(site: Site, objects: Sequence[RenderedObject], secrets: Secrets) -> None:
    """Declare a Pulumi resource for each object of a stack; each waits for those of the rank below its own.

    Args:
        site: the environment, for its kubeconfig and secrets.
        objects: the stack's objects.
        secrets: the Secrets that workloads read.
    """
    provider = _provider(site)
    before: list[pulumi.Resource] = []
    for _, members in groupby(sorted(objects, key=_rank), key=_rank):
        options = pulumi.ResourceOptions(provider=provider, depends_on=before)
        before = [_resource(site, rendered, secrets, options) for rendered in members]


def _rank(rendered: RenderedObject) -> int:
    return rank(rendered.object)


def resource_type(value: dict[str, Any]) -> str:
    """Return an object's Pulumi type, such as ``kubernetes:apps/v1:Deployment`` or ``kubernetes:core/v1:Secret``."""
    api = value["apiVersion"]
    return f"kubernetes:{api if '/' in api else f'core/{api}'}:{value['kind']}"


def _resource(
    site: Site, rendered: RenderedObject, secrets: Secrets, options: pulumi.ResourceOptions
) -> pulumi.Resource:
    kind = rendered.object["kind"]
    value = with_secret_digest(site, rendered, secrets)
    annotations = {**(value["metadata"].get("annotations") or {}), "pulumi.com/patchFieldManager": FIELD_MANAGER}
    if kind in UNAWAITED_KINDS:
        annotations["pulumi.com/skipAwait"] = "true"
    value["metadata"]["annotations"] = annotations
    own = pulumi.ResourceOptions(
        version=plugin_version(),
        retain_on_delete=kind in RETAINED_KINDS or None,
        additional_secret_outputs=["data", "stringData"] if kind == "Secret" else None,
    )
    properties = _with_secret_values(site, value) if kind == "Secret" else value
    return pulumi.CustomResource(
        resource_type(value), str(rendered.identity), properties, pulumi.ResourceOptions.merge(options, own)
    )


def secrets_of(objects: Iterable[RenderedObject]) -> Secrets:
    """Return the references in each Secret whose change restarts the workloads that read it."""
    return {
        (rendered.identity.namespace, rendered.identity.name): list(stack_secrets.references(rendered.object))
        for rendered in objects
        if rendered.object["kind"] == "Secret"
        and NO_RESTART not in (rendered.object["metadata"].get("annotations") or {})
    }


def with_secret_digest(site: Site, rendered: RenderedObject, secrets: Secrets) -> dict[str, Any]:
    """Return a copy of the object; a workload gets an HMAC of the Secrets it reads, so that a change restarts it."""
    value = copy.deepcopy(rendered.object)
    template = object_id.pod_template(value)
    if template is None or template is value:
        return value
    read = sorted(referenced_names(template["spec"], "secret"))
    markers = [marker for name in read for marker in secrets.get((rendered.identity.namespace, name), [])]
    if markers:
        metadata = template["metadata"]
        annotation = {SECRET_DIGEST: stack_secrets.fingerprint(site, markers)}
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **annotation}
    return value


def _with_secret_values(site: Site, value: dict[str, Any]) -> dict[str, Any]:
    """Return a Secret with its values in ``data``, each a Pulumi secret."""
    value = dict(value)
    data = {key: pulumi.Output.secret(text) for key, text in (value.pop("data", None) or {}).items()}
    for key, marker in (value.pop("stringData", None) or {}).items():
        content = read_secret(site, marker["secretRef"]) if isinstance(marker, dict) else str(marker).encode()
        data[key] = pulumi.Output.secret(base64.b64encode(content).decode())
    return {**value, "data": data}


def plugin_version() -> str:
    """Return the provider plugin's version, which is equal to that of its Python package."""
    return version("pulumi-kubernetes")


def _provider(site: Site) -> pulumi.ProviderResource:
    """Return the provider: server-side apply, changes in place, and the path (not content) of the kubeconfig."""
    return pulumi.ProviderResource(
        "kubernetes",
        "cluster",
        {
            "kubeconfig": str(admin_kubeconfig.path(site)),
            "clusterIdentifier": site.environment.name,
            "enableServerSideApply": "true",
            "enableConfigMapMutable": "true",
            "enableSecretMutable": "true",
            "suppressDeprecationWarnings": "true",
        },
        pulumi.ResourceOptions(version=plugin_version()),
    )
