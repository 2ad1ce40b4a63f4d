"""Render an environment's Kubernetes objects: a pure function of site, release and locked files.

Order (contract 4, docs/explanation/design.md): Jinja fills in values, overlays of the environment's profiles follow,
then the canonical form. The diff, the completeness proof and the stacks all take their objects from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bedplate.config import addresses
from bedplate.config.acceptance_tenant import every_tenant
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.config.published_files import AUTHORITY
from bedplate.config.release_lock import Lock
from bedplate.core import digest
from bedplate.pki.published import read_public
from bedplate.render import canonical, layer_order, overlays, render_cache
from bedplate.render.object_checks import check_objects
from bedplate.render.rendered import RenderedObject


def render_objects(site: Site, catalog: Catalog, digests: Mapping[str, str] | None = None) -> list[RenderedObject]:
    """Return every object of an environment, ordered by layer, component and identity.

    Args:
        site: the environment and its hosts.
        catalog: the release and its components.
        digests: image ``name:tag`` to the sha256 (hex) of its manifest; see image_digests.
    """
    layer_order.check_layers(catalog)
    inputs = _inputs(site, catalog, digests or {})
    rendered: list[RenderedObject] = []
    for layer in layer_order.layer_names():
        for name in layer_order.ordered_components(catalog, layer):
            rendered += _component(site, catalog, name, inputs)
    check_objects([(item.identity, item.object, item.source) for item in rendered])
    return rendered


def _component(site: Site, catalog: Catalog, name: str, inputs: RenderInputs) -> list[RenderedObject]:
    component, folder = catalog.components[name], catalog.folders[name]
    parts = [folder, *overlays.overlay_folders(name, site.environment.profiles)]
    key = digest.of([inputs.digest, name, render_cache.file_digests(parts)])
    found = render_cache.kept_or_made(key, lambda: _render_component(site, catalog, name, inputs))
    return [RenderedObject(name, component.layer, value, source) for value, source in found]


def _render_component(
    site: Site, catalog: Catalog, name: str, inputs: RenderInputs
) -> list[tuple[dict[str, Any], str]]:
    """Return a component's objects, each with the template that it comes from."""
    from bedplate.render import templates  # noqa: PLC0415  loads Jinja, which cached components do not need

    component = catalog.components[name]
    filled = templates.render_templates(catalog.folders[name], component, {**inputs.values, "component": component})
    patched = overlays.apply_overlays(filled, name, site.environment.profiles, catalog)
    objects = [
        RenderedObject(
            name, component.layer, canonical.canonical_form(template.value, component, inputs.images), template.source
        )
        for template in patched
    ]
    ordered = sorted(canonical.with_config_digests(objects), key=lambda rendered: rendered.identity)
    return [(rendered.object, rendered.source) for rendered in ordered]


@dataclass(frozen=True, slots=True)
class RenderInputs:
    """What all components of an environment are rendered from.

    Attributes:
        values: the variables of templates, except the component.
        images: adds digests to image names.
        digest: of all this, and of the code that renders.
    """

    values: dict[str, Any]
    images: canonical.ImageDigests
    digest: str


def _inputs(site: Site, catalog: Catalog, digests: Mapping[str, str]) -> RenderInputs:
    values = _values(site, catalog)
    models = {
        "env": site.environment.model_dump(mode="json"),
        "release": catalog.release.model_dump(mode="json"),
        "components": {name: one.model_dump(mode="json") for name, one in catalog.components.items()},
        "hosts": [host.model_dump(mode="json") for host in site.hosts],
        "ca": values["ca"],
    }
    made_by = [render_cache.renderer_digest(), overlays.kustomize_version(catalog) if site.environment.profiles else ""]
    return RenderInputs(values, canonical.ImageDigests(digests), digest.of([models, dict(digests), made_by]))


def _values(site: Site, catalog: Catalog) -> dict[str, Any]:
    """Return the variables of templates."""
    return {
        "env": site.environment,
        "release": catalog.release,
        "components": catalog.components,
        "hosts": site.hosts,
        "groups": {name: site.group(name) for name in ("bastion", "control_plane", "workers")},
        "site": addresses.site_names(site.environment.domain),
        "names": addresses.cluster_addresses(site),
        "tenants": every_tenant(site.environment),
        "scrape": scrape_targets(catalog),
        "ca": read_public(site, AUTHORITY),
    }


def scrape_targets(catalog: Catalog) -> list[dict[str, str]]:
    """Return all components' metrics endpoints, each with its component and namespace."""
    return [
        {"component": component.name, "namespace": component.namespace, **target.model_dump()}
        for component in catalog.components.values()
        for target in component.scrape
    ]


def image_digests(locked: ReleaseFile | Lock) -> dict[str, str]:
    """Return the manifest digest of each image ``name:tag`` in a lock or in a bundle's release.json."""
    if isinstance(locked, ReleaseFile):
        return {artifact.image: artifact.sha256 for artifact in locked.artifacts if artifact.image}
    return {
        entry.id.removeprefix("image:"): entry.output.sha256
        for entry in locked.entries
        if entry.kind == "image" and entry.output
    }


def objects_of_layer(objects: Iterable[RenderedObject], layer: str) -> list[RenderedObject]:
    """Return the objects of one layer, in order."""
    return [rendered for rendered in objects if rendered.layer == layer]
