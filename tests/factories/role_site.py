"""The environment of the tests that run a role on a container: certificates, HostSpecs, and a mirror's content."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bedplate.artifacts import kinds
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.image.rootfs import machine_root
from bedplate.artifacts.load_release import load_release
from bedplate.artifacts.release_contents import locked_release_file
from bedplate.artifacts.relock import relock
from bedplate.artifacts.source_kind import fetch_or_build
from bedplate.config import addresses, environments
from bedplate.config.bundle_layout import BundledArtifact
from bedplate.config.environments import Site
from bedplate.config.host_spec import HostSpec
from bedplate.config.published_files import MIRROR_KEY, RENDERED
from bedplate.config.release_lock import set_name
from bedplate.core.file_tree import ensure_tree
from bedplate.core.files import write_atomic
from bedplate.distributions import repository_key
from bedplate.distributions.debian import apt_repository
from bedplate.lab import lab_address, lab_network, machine_image, ssh_keys
from bedplate.lab.down import remove_lab
from bedplate.lab.lab_environment import ensure_environment
from bedplate.pki import authority, published
from bedplate.render.host_specs import host_specs
from factories import unavailable
from factories.render_site import RELEASE


class RoleSite:
    """A lab without machines, and what roles get from a bastion.

    Attributes:
        lab: its name and number.
        image: the image of its machines.
        site: its environment.
        specs: the HostSpecs, by host.
        mirror: a folder with the content of the mirror: the hosts' packages, and the registry program.
        keys: a folder with the mirror's certificate and its private key.
    """

    def __init__(
        self, name: str, folder: Path, *, changes: Mapping[str, str] | None = None, programs: Sequence[str] = ()
    ) -> None:
        """Create the environment, the network and the machine image; what the cache lacks is fetched or built.

        Args:
            name: of the lab.
            folder: for the mirror, keys and logs.
            changes: lines of the lab's environment.yaml that are replaced by others.
            programs: ids of artifacts that the mirror has, in addition to the registry.
        """
        self._changes, self._programs = dict(changes or {}), ("go:registry", *programs)
        catalog, self._cache = load_release(RELEASE), Cache()
        self._context = kinds.build_context(catalog, self._cache)
        self._context = self._context.with_lock(relock(self._context).lock)
        self._folder = folder
        self._gnupg = folder / "gnupg"
        self.mirror, self.keys = folder / "mirror", folder / "pki"
        root = machine_root(self._context)
        self.image = machine_image.ensure_image(root.sha256, lambda path: path.hardlink_to(self._blob(root.sha256)))
        self.lab = lab_address.reserve_lab(name)
        lab_network.ensure_network(self.lab)
        self.site = self._environment()
        release_file = locked_release_file(catalog, self._context.lock)
        specs = host_specs(self.site, catalog.release, catalog.components, release_file)
        self.specs: dict[str, HostSpec] = {spec.host: spec for spec in specs}
        self._write_mirror({artifact.id: artifact for artifact in release_file.artifacts})

    def _blob(self, sha256: str) -> Path:
        return self._cache.blob(sha256)

    def _environment(self) -> Site:
        key = ssh_keys.ensure_key(self._folder / "publisher", "publisher of the role tests")
        site = ensure_environment(self.lab, ssh_keys.public_line(key), RELEASE)
        file = self.lab.environment / environments.ENVIRONMENT
        for old, new in self._changes.items():
            write_atomic(file, file.read_text().replace(old, new))
        site = environments.load(self.lab.environment)
        signer, _ = authority.ensure_authority(self.keys, site.environment.name)
        certificate, private = self.keys / "mirror.crt", self.keys / "mirror.key"
        authority.ensure_certificate(signer, certificate, private, addresses.mirror_names(site))
        (self.keys / MIRROR_KEY).write_text(repository_key.ensure_key(self._gnupg, "role tests"))
        for name in RENDERED:
            published.publish(site, name, self.keys / name)
        return site

    def _write_mirror(self, artifacts: dict[str, BundledArtifact]) -> None:
        packages = {package for one in self._context.components.values() for package in one.hosts.packages}
        wanted = self._context.lock.sets[set_name("deb", packages)]
        for artifact in (*wanted, *self._programs):
            fetch_or_build(self._context.lock.by_id[artifact], self._context)
        self._write_apt_repository([artifacts[entry] for entry in wanted])
        (self.mirror / "registry").mkdir()
        (self.mirror / "files").mkdir()
        for program in (artifacts[name] for name in self._programs):
            shutil.copy(self._blob(program.sha256), self.mirror / "files" / program.file)

    def _write_apt_repository(self, packages: list[BundledArtifact]) -> None:
        listed = locked_release_file(load_release(RELEASE), self._context.lock)
        blobs = self._blob("")
        tree = dict(apt_repository.apt_tree([listed.model_copy(update={"artifacts": packages})], blobs))
        release = tree[f"{apt_repository.DIST}/Release"]
        assert isinstance(release, bytes)
        tree[f"{apt_repository.DIST}/InRelease"] = repository_key.clear_sign(self._gnupg, release)
        ensure_tree(self.mirror / "apt", tree, blobs)


@contextmanager
def role_site(name: str, folder: Path) -> Iterator[RoleSite]:
    """Yield the environment of some containers; nothing is left of it afterwards, nor of a run that was killed."""
    if os.geteuid() != 0:
        unavailable("containers that run systemd need root")
    remove_role_site(name)
    try:
        yield RoleSite(name, folder)
    finally:
        remove_role_site(name)


def remove_role_site(name: str) -> None:
    """Remove an environment with its machines, if it exists."""
    for lab in lab_address.all_labs():
        if lab.name == name:
            remove_lab(lab)
