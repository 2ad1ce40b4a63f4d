"""Kubernetes objects of an environment: a pure function of site, release and locked files.

Order (contract 4): Jinja fills values, overlays of the environment's profiles, canonical form.
The diff, the closure proof and the stacks all take their objects from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bedplate import digest
from bedplate.bundle.layout import ReleaseFile
from bedplate.catalog import Catalog
from bedplate.environments import Site
from bedplate.model.lock import Lock
from bedplate.pki.trust import AUTHORITY, read_public
from bedplate.render import canonical, identity, overlays, templates
from bedplate.render.check import check_objects
from bedplate.render.identity import Identity
from bedplate.stack import order


@dataclass(frozen=True, slots=True)
class RenderedObject:
    """One object that an environment has in its cluster.

    Attributes:
        component: the component that declares it.
        layer: the component's layer.
        object: the object in canonical form; never changed by a reader.
        source: the template it comes from, for messages.
    """

    component: str
    layer: str
    object: dict[str, Any]
    source: str = field(default="", compare=False)

    @property
    def identity(self) -> Identity:
        """Return what tells it from every other object."""
        return identity.of(self.object)

    def line(self) -> bytes:
        """Return canonical JSON with component and layer, as `bedplate render` prints it."""
        return digest.canonical({"component": self.component, "layer": self.layer, "object": self.object})


def render(site: Site, catalog: Catalog, digests: Mapping[str, str] | None = None) -> list[RenderedObject]:
    """Return every object of an environment, ordered by layer, component and identity.

    Args:
        site: the environment and its hosts.
        catalog: the release and its components.
        digests: image ``name:tag`` to the sha256 (hex) of its manifest; see image_digests.
    """
    order.check_layers(catalog)
    images = canonical.Images(digests or {})
    rendered: list[RenderedObject] = []
    for layer in order.layers():
        for name in order.components(catalog, layer):
            rendered += _component(site, catalog, name, images)
    check_objects([(one.identity, one.object, one.source) for one in rendered])
    return rendered


def _component(site: Site, catalog: Catalog, name: str, images: canonical.Images) -> list[RenderedObject]:
    component = catalog.components[name]
    found = templates.render(catalog.folders[name], component, _values(site, catalog, name))
    found = overlays.apply(found, name, site.environment.profiles, catalog)
    objects = [
        RenderedObject(name, component.layer, canonical.form(one.value, component, images), one.source) for one in found
    ]
    return sorted(canonical.with_config_digests(objects), key=lambda one: one.identity)


def _values(site: Site, catalog: Catalog, name: str) -> dict[str, Any]:
    """Return the variables of templates."""
    return {
        "env": site.environment,
        "release": catalog.release,
        "component": catalog.components[name],
        "components": catalog.components,
        "hosts": site.hosts,
        "groups": {name: site.group(name) for name in ("bastion", "control_plane", "workers")},
        "names": site_names(site),
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


def site_names(site: Site) -> dict[str, str]:
    """Return the site's own names and the address of each (contract 8), and every host's."""
    domain = site.environment.domain
    own = {"api": site.control_plane, "mirror": (site.bastion,), "notebooks": site.workers or site.control_plane}
    names = {f"{name}.{domain}": str(hosts[0].address) for name, hosts in own.items() if hosts}
    return names | {f"{host.name}.{domain}": str(host.address) for host in site.hosts}


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
