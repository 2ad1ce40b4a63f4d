"""An installation: an environment and its release in the store, with what they render to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bedplate.artifacts.load_release import load_release
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.config.host_spec import HostSpec
from bedplate.core import paths
from bedplate.render import objects
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
