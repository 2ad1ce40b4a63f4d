"""The Pulumi program of stacks/<layer>/__main__.py: render a layer and declare the objects of one of its stacks."""

from __future__ import annotations

import pulumi

from bedplate.artifacts.load_release import load_release
from bedplate.cluster import layer_parts, pulumi_resources, stack_state
from bedplate.config import environments
from bedplate.core import paths
from bedplate.core.errors import InputError
from bedplate.render import locked_digests, objects
from bedplate.store import installed
from bedplate.store.own_installer import check_installer


def main(layer: str) -> None:
    """Declare the resources of the selected stack ``<environment>.<stack>``; on its bastion, as they were signed.

    Raises:
        InputError: the layer has no such stack.
    """
    environment, _, name = pulumi.get_stack().partition(".")
    site = environments.load(environments.find(environment))
    version = site.environment.release
    if site.is_here:
        check_installer(installed.read(paths.STORE, version, site.environment.publisher))
    release = load_release(version)
    rendered = objects.render_objects(site, release, locked_digests.known_digests(release))
    placed = {one: stack for stack, found in stack_state.applied(site).items() for one in found}
    parts = layer_parts.parts_of_layer(site, release, rendered, layer, placed)
    for part in parts:
        if part.name.part == name:
            pulumi_resources.declare(site, part.objects, pulumi_resources.secrets_of(rendered))
            return
    known = ", ".join(part.name.in_pulumi(site) for part in parts)
    raise InputError(f"stack {pulumi.get_stack()}", f"is not one of layer {layer}", f"use one of {known}")
