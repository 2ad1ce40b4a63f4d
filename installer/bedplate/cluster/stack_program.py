"""The Pulumi program of stacks/<layer>/__main__.py: render a layer and declare its objects."""

from __future__ import annotations

import pulumi

from bedplate.artifacts.load_release import load_release
from bedplate.cluster import pulumi_resources
from bedplate.config import environments
from bedplate.core import paths
from bedplate.render import locked_digests, objects
from bedplate.store import installed
from bedplate.store.own_installer import check_installer


def main(layer: str) -> None:
    """Declare a layer's resources for the environment with the stack's name; on its bastion, as they were signed."""
    site = environments.load(environments.find(pulumi.get_stack()))
    version = site.environment.release
    if site.is_here:
        check_installer(installed.read(paths.STORE, version, site.environment.publisher))
    release = load_release(version)
    rendered = objects.render_objects(site, release, locked_digests.known_digests(release))
    requires = {name: list(component.requires) for name, component in release.components.items()}
    pulumi_resources.declare(site, objects.objects_of_layer(rendered, layer), requires)
