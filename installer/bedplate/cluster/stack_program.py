"""The Pulumi program of stacks/<layer>/__main__.py: render a layer and declare its objects."""

from __future__ import annotations

import pulumi

from bedplate.artifacts.load_release import load_release
from bedplate.cluster import pulumi_resources
from bedplate.config import environments
from bedplate.render import locked_digests, objects


def main(layer: str) -> None:
    """Declare a layer's resources for the environment with the stack's name."""
    site = environments.load(environments.find(pulumi.get_stack()))
    release = load_release(site.environment.release)
    rendered = objects.render_objects(site, release, locked_digests.known_digests(release))
    requires = {name: list(component.requires) for name, component in release.components.items()}
    pulumi_resources.declare(site, objects.objects_of_layer(rendered, layer), requires)
