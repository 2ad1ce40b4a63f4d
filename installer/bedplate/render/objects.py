"""Kubernetes objects of an environment: a pure function of site, release and locked files.

Order (contract 4): Jinja fills values, overlays of the environment's profiles, canonical form.
The diff, the closure proof and the stacks all take their objects from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bedplate.config import addresses
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.config.release_lock import Lock
from bedplate.core import digest
from bedplate.pki.published import AUTHORITY, read_public
from bedplate.render import canonical, layer_order, overlays, render_cache
from bedplate.render.object_checks import check_objects
from bedplate.render.rendered import RenderedObject


def render(site: Site, catalog: Catalog, digests: Mapping[str, str] | None = None) -> list[RenderedObject]:
    """Return every object of an environment, ordered by layer, component and identity.

    Args:
        site: the environment and its hosts.
        catalog: the release and its components.
        digests: image ``name:tag`` to the sha256 (hex) of its manifest; see image_digests.
    """
    layer_order.check_layers(catalog)
    inputs = _inputs(site, catalog, digests or {})
    rendered: list[RenderedObject] = []
    for layer in layer_order.layers():
        for name in layer_order.components(catalog, layer):
            rendered += _component(site, catalog, name, inputs)
    check_objects([(one.identity, one.object, one.source) for one in rendered])
    return rendered


def _component(site: Site, catalog: Catalog, name: str, inputs: Inputs) -> list[RenderedObject]:
    component, folder = catalog.components[name], catalog.folders[name]
    parts = [folder, *overlays.folders(name, site.environment.profiles)]
    key = digest.of([inputs.digest, name, component.layer, render_cache.files(parts)])
    found = render_cache.kept(key, lambda: _made(site, catalog, name, inputs))
    return [RenderedObject(name, component.layer, value, source) for value, source in found]


def _made(site: Site, catalog: Catalog, name: str, inputs: Inputs) -> list[tuple[dict[str, Any], str]]:
    """Return a component's objects, each with its template."""
    from bedplate.render import templates  # noqa: PLC0415  it loads Jinja, which what is cached does not need

    component = catalog.components[name]
    values = {**inputs.values, "component": component}
    found = templates.render(catalog.folders[name], component, values)
    found = overlays.apply(found, name, site.environment.profiles, catalog)
    objects = [
        RenderedObject(name, component.layer, canonical.form(one.value, component, inputs.images), one.source)
        for one in found
    ]
    ordered = sorted(canonical.with_config_digests(objects), key=lambda one: one.identity)
    return [(one.object, one.source) for one in ordered]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What all components of an environment are made of.

    Attributes:
        values: the variables of templates, but for the component.
        images: puts digests to image names.
        digest: of all of this, and of the programs that render.
    """

    values: dict[str, Any]
    images: canonical.Images
    digest: str


def _inputs(site: Site, catalog: Catalog, digests: Mapping[str, str]) -> Inputs:
    values = _values(site, catalog)
    models = {
        "env": site.environment.model_dump(mode="json"),
        "release": catalog.release.model_dump(mode="json"),
        "components": {name: one.model_dump(mode="json") for name, one in catalog.components.items()},
        "hosts": [host.model_dump(mode="json") for host in site.hosts],
        "ca": values["ca"],
    }
    made_by = [render_cache.program(), overlays.program(catalog) if site.environment.profiles else ""]
    return Inputs(values, canonical.Images(digests), digest.of([models, dict(digests), made_by]))


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
        "tenants": site.environment.tenants,
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
    """Return image ``name:tag`` to manifest digest, as a lock or a bundle's release file knows them."""
    if isinstance(locked, ReleaseFile):
        return {artifact.image: artifact.sha256 for artifact in locked.artifacts if artifact.image}
    return {
        entry.id.removeprefix("image:"): entry.output.sha256
        for entry in locked.entries
        if entry.kind == "image" and entry.output
    }


def of_layer(objects: Iterable[RenderedObject], layer: str) -> list[RenderedObject]:
    """Return the objects of one layer, in their order."""
    return [one for one in objects if one.layer == layer]
