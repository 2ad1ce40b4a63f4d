"""All that the steps of one environment's installation are computed from."""

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

LEDGER = "ledger.db"
LOG = "log"


@dataclass(frozen=True)
class Installation:
    """An environment, its release, and what both render to.

    Attributes:
        site: the environment on its bastion.
        catalog: the release with its components, from the installer that came in the bundle.
        installed: the release in the store, its signature proven.
    """

    site: Site
    catalog: Catalog
    installed: InstalledRelease

    @property
    def release_file(self) -> ReleaseFile:
        """Return what the bundle brought into the store, as the publisher signed it."""
        return self.installed.release

    @cached_property
    def specs(self) -> list[HostSpec]:
        """Return one HostSpec per host; public certificates of the environment are inputs."""
        return host_specs(self.site, self.catalog.release, self.catalog.components, self.release_file)

    @cached_property
    def objects(self) -> list[RenderedObject]:
        """Return every object of the cluster."""
        return objects.render(self.site, self.catalog, objects.image_digests(self.release_file))

    def layer(self, name: str) -> list[RenderedObject]:
        """Return the objects of one layer."""
        return objects.of_layer(self.objects, name)

    @property
    def ledger(self) -> Path:
        """Return the place of the environment's ledger."""
        return self.site.state / LEDGER

    @property
    def logs(self) -> Path:
        """Return the folder of the environment's log files."""
        return self.site.state / LOG


def load(site: Site) -> Installation:
    """Return the installation of an environment on its bastion.

    InputError where the release is not in the store; BedplateError where it is not the pinned publisher's.
    """
    version = site.environment.release
    found = installed.read(paths.STORE, version, site.environment.publisher)
    return Installation(site, load_release(version), found)


def installer_digest() -> str:
    """Return the digest of the installer that runs, as the bundle's install noted it; empty in a checkout."""
    stamp = paths.SOURCE / ".digest"
    return stamp.read_text(encoding="ascii") if stamp.is_file() else ""
