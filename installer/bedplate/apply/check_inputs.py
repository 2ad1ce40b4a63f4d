"""Checks before the first step of an apply: everything is rendered and read, so that a refusal changes nothing."""

from __future__ import annotations

from bedplate.apply.installation import Installation
from bedplate.apply.volume_sizes import volume_errors
from bedplate.cluster import admin_kubeconfig, kubectl, layer_parts
from bedplate.core.errors import BedplateError, ErrorList
from bedplate.pki import secret_files
from bedplate.render import layer_order
from bedplate.render.rendered import RenderedObject
from bedplate.render.trial_render import render_all


def check_inputs(installation: Installation) -> list[RenderedObject]:
    """Render all objects and hosts, divide the objects into stacks, read the files of secrets; changes nothing.

    The installation does not keep what is rendered here: on a first apply, the certificates in it do not exist yet.

    Returns:
        The objects.

    Raises:
        BedplateError: an input is wrong, or something cannot be rendered.
        ErrorList: several inputs are wrong.
    """
    rendered = render_all(installation.site, installation.catalog, installation.release_file)
    for layer in layer_order.layer_names():
        layer_parts.parts_of_layer(installation.site, installation.catalog, rendered, layer)
    secret_files.input_files(installation.site, installation.catalog.components.values())
    if errors := _volume_errors(installation, rendered):
        raise ErrorList(errors)
    return rendered


def _volume_errors(installation: Installation, rendered: list[RenderedObject]) -> list[BedplateError]:
    """Return the volumes that cannot have their new size; none if there is no cluster that answers."""
    site = installation.site
    if not admin_kubeconfig.path(site).is_file():
        return []
    try:
        live = kubectl.get(site, "persistentvolumeclaims,storageclasses", "--all-namespaces", kubectl.PATIENCE)
    except BedplateError:
        return []
    return list(volume_errors(rendered, live["items"]))
