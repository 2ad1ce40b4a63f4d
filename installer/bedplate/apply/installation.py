"""An installation: an environment and its release in the store, with what they render to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bedplate.artifacts.load_release import load_release
from bedplate.cluster import layer_parts, stack_state
from bedplate.cluster.layer_parts import LayerPart
from bedplate.cluster.pulumi_resources import secrets_of
from bedplate.cluster.pulumi_stack import StackContent
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.config.host_spec import HostSpec
from bedplate.core import paths
from bedplate.core.errors import InputError
from bedplate.render import layer_order, objects
from bedplate.render.host_specs import host_specs
from bedplate.render.rendered import RenderedObject
from bedplate.store import installed
from bedplate.store.installed import InstalledRelease
from bedplate.store.own_installer import check_installer

LOG = "log"


@dataclass(frozen=True)
class Installation:
    """What the steps of an apply are computed from.

    Attributes:
        site: the environment, on its bastion.
        catalog: the release with its components, from the installer that came in the bundle.
        installed: the release in the store, its signature verified.
    """

    site: Site
    catalog: Catalog
    installed: InstalledRelease

    @property
    def release_file(self) -> ReleaseFile:
        """Return the release.json of the bundle, as the publisher signed it."""
        return self.installed.release

    @cached_property
    def specs(self) -> list[HostSpec]:
        """Return one HostSpec per host. The environment's public certificates are inputs."""
        return host_specs(self.site, self.catalog.release, self.catalog.components, self.release_file)

    @cached_property
    def objects(self) -> list[RenderedObject]:
        """Return the rendered objects of all layers."""
        return objects.render_objects(self.site, self.catalog, objects.image_digests(self.release_file))

    def layer(self, name: str) -> list[RenderedObject]:
        """Return the rendered objects of one layer."""
        return objects.objects_of_layer(self.objects, name)

    def parts(self, layer: str, placed: layer_parts.Placed) -> list[LayerPart]:
        """Return the stacks of one layer, in order.

        Args:
            layer: the layer's name.
            placed: the stack in whose state each object is now.
        """
        return layer_parts.parts_of_layer(self.site, self.catalog, self.objects, layer, placed)

    def stacks(self, name: str) -> list[StackContent]:
        """Return a stack by its name, or all stacks of a layer in their order.

        Raises:
            InputError: there is no such stack or layer.
        """
        placed = {one: stack for stack, objects in stack_state.applied(self.site).items() for one in objects}
        parts = [part for layer in layer_order.layer_names() for part in self.parts(layer, placed)]
        chosen = [part for part in parts if name in (part.name.part, part.name.layer)]
        if not chosen:
            known = ", ".join(str(part.name) for part in parts)
            raise InputError(f"stack {name}", "is not in this release", f"use a layer, or one of {known}")
        secrets = secrets_of(self.objects)
        return [StackContent(part.name, part.objects, secrets, self.catalog) for part in chosen]

    @property
    def logs(self) -> Path:
        """Return the folder of the environment's log files."""
        return self.site.state / LOG


def load(site: Site) -> Installation:
    """Load an environment's release from the store of its bastion.

    Args:
        site: the environment, on its bastion.

    Returns:
        The environment and its release.

    Raises:
        InputError: the release is not in the store.
        BedplateError: the release is not signed by the environment's publisher, or another installer runs than the
            release's own.
    """
    version = site.environment.release
    release = installed.read(paths.STORE, version, site.environment.publisher)
    check_installer(release)
    return Installation(site, load_release(version), release)
