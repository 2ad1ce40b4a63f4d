"""Render one HostSpec per host, without contacting any (contract 2, docs/explanation/design.md)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bedplate.artifacts.host_packages import host_packages
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.component import Component
from bedplate.config.environments import Site
from bedplate.config.host_spec import HostSpec
from bedplate.config.hosts import Host
from bedplate.config.release import Release
from bedplate.config.release_lock import set_name
from bedplate.core import digest, paths
from bedplate.core.errors import BedplateError
from bedplate.distributions.find_distribution import distribution_of_suite, find_distribution
from bedplate.render import render_cache
from bedplate.render.host_inputs import HostInputs, HostParts, groups_by_host, host_parts
from bedplate.render.role_files import Role
from bedplate.render.role_tree import RoleTree


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
    renderer = _HostRenderer(site, release, components, release_file)
    return [renderer.spec(host) for host in site.hosts]


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


class _HostRenderer:
    """Renders the hosts of a site one after the other; each host has its own entry in the cache."""

    def __init__(
        self, site: Site, release: Release, components: Mapping[str, Component], release_file: ReleaseFile
    ) -> None:
        roles = paths.source_tree() / "roles"
        self._inputs = HostInputs(roles, site, release, release_file)
        self._roles = RoleTree(roles)
        self._groups = groups_by_host(site)
        self._distribution = find_distribution(release.platform.distribution)
        self._rendered_by = [
            render_cache.renderer_digest(),
            render_cache.file_digests([roles]),
            self._distribution.name,
        ]
        self._components, self._release_file = components, release_file
        self._versions = package_versions(components, release_file)
        self._parts: dict[tuple[str, ...], HostParts] = {}

    def spec(self, host: Host) -> HostSpec:
        """Return a host's spec. Its key is all that it is made of, so that other hosts' changes leave it alone."""
        groups = self._groups[host.name]
        if groups not in self._parts:
            installed = [one for one in self._components.values() if {*groups} & {*one.hosts.groups}]
            self._parts[groups] = host_parts(installed, self._distribution, self._release_file, self._versions)
        parts = self._parts[groups]
        text = self._inputs.text(host, parts)
        own = [host.name, str(host.address), groups, parts.packages, parts.pinned, parts.programs, parts.services, text]
        key = digest.of([self._rendered_by, own])
        return HostSpec.model_validate(render_cache.kept_or_made(key, lambda: self._made(host, groups, parts, text)))

    def _made(self, host: Host, groups: tuple[str, ...], parts: HostParts, text: str) -> dict[str, Any]:
        inputs: dict[str, Any] = dict(yaml.load(text, Loader=yaml.CSafeLoader))
        names = self._roles.roles_of_groups(groups, self._distribution.package_source_role)
        for name in names:
            inputs |= self._distribution.role_variables.get(name, {})
        played = [self._roles.role(name, inputs) for name in names]
        spec = HostSpec(
            host=host.name,
            address=str(host.address),
            groups=groups,
            packages=parts.packages,
            pinned=tuple(parts.pinned),
            binaries={Path(path).name: one["version"] for one in parts.programs for path in one["paths"]},
            services=_services(parts, played),
            sysctls={name: value for role in played for name, value in role.settings.items()},
            files=tuple(file for role in played for file in role.files()),
            vars=inputs,
        ).model_dump(mode="json", exclude={"digest"})
        return {**spec, "digest": digest.of(spec)}


def _services(parts: HostParts, played: list[Role]) -> tuple[str, ...]:
    return tuple(sorted({*parts.services, *(service for role in played for service in role.services)}))
