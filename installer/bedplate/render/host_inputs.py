"""The roles' variables of a host, as text: roles/inputs.yaml.j2 filled with the environment and the release."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2

from bedplate.artifacts.host_packages import host_packages, pinned_packages
from bedplate.config import addresses
from bedplate.config.artifact import entry_ids
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.component import Component
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.config.published_files import MIRROR_KEY, RENDERED
from bedplate.config.release import Release
from bedplate.core import digest, paths
from bedplate.core.errors import BedplateError
from bedplate.distributions.distribution import Distribution
from bedplate.distributions.find_distribution import find_distribution
from bedplate.images.mirror_names import registry_hosts
from bedplate.pki.published import read_public

INPUTS_TEMPLATE = "inputs.yaml.j2"
NODES = {"control_plane", "workers"}
REPLICA = "mirror"


@dataclass(frozen=True, slots=True)
class HostParts:
    """What the components put on a host, the same for all hosts of the same groups.

    Attributes:
        packages: package to version, sorted.
        programs: one entry for each artifact that contains programs.
        services: systemd units that must be active.
        pinned: packages that have exactly their version.
    """

    packages: dict[str, str]
    programs: list[dict[str, Any]]
    services: list[str]
    pinned: list[str] = field(default_factory=list)


def groups_by_host(site: Site) -> dict[str, tuple[str, ...]]:
    """Return each host's groups in hosts.yaml, and the group of mirror replicas if it is one."""
    replicas = {host.name for host in site.replicas}
    return {host.name: (*host.groups, *((REPLICA,) if host.name in replicas else ())) for host in site.hosts}


class HostInputs:
    """Fills the template for one host after the other; what hosts share is computed once."""

    def __init__(self, roles: Path, site: Site, release: Release, release_file: ReleaseFile) -> None:
        """Use the template in a folder of roles."""
        environment = jinja2.Environment(  # noqa: S701  the output is YAML, not HTML
            loader=jinja2.FileSystemLoader(roles), undefined=jinja2.StrictUndefined, trim_blocks=True
        )
        environment.filters["json"] = lambda value: json.dumps(value, sort_keys=True)
        self._template = environment.get_template(INPUTS_TEMPLATE)
        self._distribution = find_distribution(release.platform.distribution)
        self._public = {name: read_public(site, name).rstrip("\n") for name in RENDERED}
        self._mirror = addresses.site_names(site.environment.domain).mirror
        self._keeps_site = site.environment.hosts.package_sources == "keep-site"
        self._bastion, self._replicas = site.bastion.name, {host.name for host in site.replicas}
        self._hosts_files = addresses.HostsFiles(site)
        self._shared = {**self._of_site(site), **self._of_release(release, release_file), **_former(site)}

    def text(self, host: Host, parts: HostParts) -> str:
        """Return the variables of a host's roles, as YAML."""
        key, pinned = self._public[MIRROR_KEY], parts.pinned
        source = self._distribution.package_source_variables(
            self._mirror, key, parts.packages, pinned, keep_site=self._keeps_site
        )
        own = {
            "host": host,
            "hosts_file": self._hosts_files.lines(host),
            "is_bastion": host.name == self._bastion,
            "is_replica": host.name in self._replicas,
            "is_node": bool(NODES & {*host.groups}),
            "package_source": source,
            "packages": parts.packages,
            "programs": parts.programs,
        }
        return self._template.render({**self._shared, **own})

    def _of_site(self, site: Site) -> dict[str, Any]:
        return {
            "env": site.environment,
            "first_control_plane": site.control_plane[0],
            "nodes": {node.name: str(node.address) for node in (*site.control_plane, *site.workers)},
            "site": addresses.site_names(site.environment.domain),
            "replica_names": addresses.replica_names(site),
            "inside": addresses.inside_ranges(site.environment.network),
            "public": self._public,
            "state": str(site.state),
            "mirror": str(paths.MIRROR),
        }

    def _of_release(self, release: Release, release_file: ReleaseFile) -> dict[str, Any]:
        images = [artifact for artifact in release_file.artifacts if artifact.image]
        return {
            "versions": release.components,
            "images": {name: tag for name, _, tag in (artifact.image.rpartition(":") for artifact in images)},
            "content": digest.of(sorted([artifact.image, artifact.sha256] for artifact in images)),
            "registries": registry_hosts([release_file]),
            "repository": self._distribution.repository,
        }


def _former(site: Site) -> dict[str, Any]:
    """Return the values that only earlier releases' roles read: `bedplate diff` renders their trees, too."""
    return {
        "domain": site.environment.domain,
        "hosts": site.hosts,
        "bastion": site.bastion,
        "first_worker": (*site.workers, *site.control_plane)[0],
        "replicas": site.replicas,
        "host_names": addresses.host_names(site),
    }


def host_parts(
    installed: Iterable[Component], distribution: Distribution, release_file: ReleaseFile, versions: Mapping[str, str]
) -> HostParts:
    """Return what components put on a host.

    Args:
        installed: the components that install something there.
        distribution: the hosts' distribution.
        release_file: which artifacts the bundle holds.
        versions: of all packages.
    """
    components = [*installed]
    pinned = pinned_packages(components, distribution)
    packages = _versions({*host_packages(components, distribution), *pinned}, versions)
    # Components of the layer bundle are the installer's own tools; the bundle's `install` puts them on the bastion.
    programs = [one for c in components if c.layer != "bundle" for one in _programs(c, release_file)]
    return HostParts(packages, programs, sorted({service for c in components for service in c.hosts.services}), pinned)


def _versions(names: Iterable[str], versions: Mapping[str, str]) -> dict[str, str]:
    """Return the packages' versions; BedplateError if one, such as a pinned one, is not in the hosts' closure."""
    if unknown := sorted({*names} - versions.keys()):
        raise BedplateError(f"package {unknown[0]}", "is not among the hosts' packages", "run `bedplate lock`")
    return {name: versions[name] for name in sorted(names)}


def _programs(component: Component, release_file: ReleaseFile) -> Iterator[dict[str, Any]]:
    """Yield a component's host programs, one entry for each artifact that contains some."""
    artifacts = {artifact.id: artifact for artifact in release_file.artifacts}
    binaries = sorted(component.hosts.binaries, key=lambda binary: binary.artifact)
    for name, group in groupby(binaries, key=lambda binary: binary.artifact):
        artifact = next((artifacts[entry_id] for entry_id in entry_ids(name) if entry_id in artifacts), None)
        if artifact is None:
            raise BedplateError(f"artifact {name}", f"of {component.name} is not in the release", "run `bedplate lock`")
        yield {
            "component": component.name,
            "version": component.version,
            "file": artifact.file,
            "sha256": artifact.sha256,
            "paths": sorted(binary.path for binary in group),
        }
