"""Render one HostSpec per host, without contacting any (contract 2, docs/explanation/design.md)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
import yaml

from bedplate.artifacts.host_packages import host_packages
from bedplate.config import addresses
from bedplate.config.artifact import entry_ids
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.component import Component
from bedplate.config.environments import Site
from bedplate.config.host_spec import HostSpec
from bedplate.config.hosts import Host
from bedplate.config.release import Release
from bedplate.config.release_lock import set_name
from bedplate.core import digest, paths
from bedplate.core.errors import BedplateError
from bedplate.distributions.distribution import Distribution
from bedplate.distributions.find_distribution import distribution_of_suite, find_distribution
from bedplate.images.mirror_names import registry_hosts
from bedplate.pki.published import MIRROR_KEY, PUBLIC, read_public
from bedplate.render import render_cache, role_files

INPUTS_TEMPLATE = "inputs.yaml.j2"
NODES = {"control_plane", "workers"}
REPLICA = "mirror"


def host_specs(
    site: Site, release: Release, components: Mapping[str, Component], release_file: ReleaseFile
) -> list[HostSpec]:
    """Return one HostSpec per host, in the order of hosts.yaml.

    Args:
        site: the environment, with its public certificates in pki/.
        release: for the components' versions.
        components: by name.
        release_file: which versions of packages and which digests the bundle holds.
    """
    versions = package_versions(components, release_file)

    def rendered() -> list[dict[str, Any]]:
        specs = (
            _spec(site, host, release, components, release_file=release_file, versions=versions) for host in site.hosts
        )
        return [spec.model_dump(mode="json") for spec in specs]

    cached = render_cache.kept_or_made(_key(site, release, components, release_file), rendered)
    return [HostSpec.model_validate(spec) for spec in cached]


def _key(site: Site, release: Release, components: Mapping[str, Component], release_file: ReleaseFile) -> str:
    """Return the digest of everything that the specs are computed from."""
    models = [site.environment, *site.hosts, release, *components.values(), release_file]
    public = [read_public(site, name) for name in PUBLIC]
    roles_files = render_cache.file_digests([paths.source_tree() / "roles"])
    return digest.of(
        [render_cache.renderer_digest(), [one.model_dump(mode="json") for one in models], public, roles_files]
    )


def package_versions(components: Mapping[str, Component], release_file: ReleaseFile) -> dict[str, str]:
    """Return the version of every package in the hosts' closure."""
    distribution = distribution_of_suite(release_file.suite)
    roots = host_packages(components.values(), distribution)
    if not roots:
        return {}
    entries = release_file.sets.get(set_name(distribution.package_kind, roots))
    if entries is None:
        raise BedplateError("the hosts' packages", "are not resolved in release.json", "run `bedplate lock`")
    return dict(distribution.package_version(entry.partition(":")[2]) for entry in entries)


def _spec(  # noqa: PLR0913  a host is computed from all of these
    site: Site,
    host: Host,
    release: Release,
    components: Mapping[str, Component],
    *,
    release_file: ReleaseFile,
    versions: Mapping[str, str],
) -> HostSpec:
    groups = _groups(site, host)
    installed = [c for c in components.values() if {*groups} & {*c.hosts.groups}]
    distribution = _distribution(release)
    packages = {name: versions[name] for name in host_packages(installed, distribution)}
    # Components of the layer bundle are the installer's own tools; the bundle's `install` puts them on the bastion.
    programs = [one for c in installed if c.layer != "bundle" for one in _programs(c, release_file)]
    inputs = _inputs(
        {
            **_values(site, host, release, release_file),
            **_package_source(site, release, packages),
            "programs": programs,
        }
    )
    roles = paths.source_tree() / "roles"
    names = role_files.roles_of_groups(roles, groups, distribution.package_source_role)
    inputs |= {name: value for role in names for name, value in distribution.role_variables.get(role, {}).items()}
    played = [role_files.load_role(roles / name, inputs) for name in names]
    spec = HostSpec(
        host=host.name,
        address=str(host.address),
        groups=groups,
        packages=packages,
        binaries={Path(path).name: one["version"] for one in programs for path in one["paths"]},
        services=_services(installed, played),
        sysctls={name: value for role in played for name, value in role.settings.items()},
        files=tuple(file for role in played for file in role.files()),
        vars=inputs,
    )
    return spec.model_copy(update={"digest": digest.of(spec.model_dump(mode="json", exclude={"digest"}))})


def _services(components: Iterable[Component], played: Iterable[role_files.Role]) -> tuple[str, ...]:
    named = [service for component in components for service in component.hosts.services]
    return tuple(sorted({*named, *(service for role in played for service in role.services)}))


def _groups(site: Site, host: Host) -> tuple[str, ...]:
    """Return a host's groups in hosts.yaml, and the group of mirror replicas if it is one."""
    return (*host.groups, *((REPLICA,) if host in site.replicas else ()))


def _distribution(release: Release) -> Distribution:
    return find_distribution(release.platform.distribution)


def _package_source(site: Site, release: Release, packages: dict[str, str]) -> dict[str, Any]:
    """Return the values about packages; earlier releases' roles read the packages themselves."""
    mirror, key = addresses.site_names(site.environment.domain).mirror, _public(site)[MIRROR_KEY]
    variables = _distribution(release).package_source_variables(mirror, key, packages)
    return {"package_source": variables, "packages": packages}


def _public(site: Site) -> dict[str, str]:
    """Return the public certificates and keys in pki/, by name."""
    return {name: read_public(site, name).rstrip("\n") for name in PUBLIC}


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


def _values(site: Site, host: Host, release: Release, release_file: ReleaseFile) -> dict[str, Any]:
    images = [artifact.image.rpartition(":") for artifact in release_file.artifacts if artifact.image]
    return {
        "env": site.environment,
        "host": host,
        "first_control_plane": site.control_plane[0],
        "site": addresses.site_names(site.environment.domain),
        "host_names": addresses.host_names(site),
        "replica_names": addresses.replica_names(site),
        "inside": addresses.inside_ranges(site.environment.network),
        "is_bastion": host == site.bastion,
        "is_replica": host in site.replicas,
        "content": digest.of(sorted([a.image, a.sha256] for a in release_file.artifacts if a.image)),
        "is_node": bool(NODES & {*host.groups}),
        "versions": release.components,
        "images": {name: tag for name, _, tag in images},
        "registries": registry_hosts([release_file]),
        "public": _public(site),
        "state": str(site.state),
        "mirror": str(paths.MIRROR),
        "repository": _distribution(release).repository,
        **_former_values(site),
    }


def _former_values(site: Site) -> dict[str, Any]:
    """Return the values that only earlier releases' roles read: `bedplate diff` renders their trees, too."""
    return {
        "domain": site.environment.domain,
        "hosts": site.hosts,
        "bastion": site.bastion,
        "first_worker": (*site.workers, *site.control_plane)[0],
        "replicas": site.replicas,
    }


def _inputs(values: dict[str, Any]) -> dict[str, Any]:
    """Return the roles' variables for a host, from roles/inputs.yaml.j2."""
    environment = jinja2.Environment(  # noqa: S701  the output is YAML, not HTML
        loader=jinja2.FileSystemLoader(paths.source_tree() / "roles"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["json"] = lambda value: json.dumps(value, sort_keys=True)
    return dict(yaml.safe_load(environment.get_template(INPUTS_TEMPLATE).render(values)))
