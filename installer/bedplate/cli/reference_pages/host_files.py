"""docs/reference/host-files.md: the packages, programs and files on each host, from the roles themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import yaml

from bedplate.artifacts.host_packages import host_packages, pinned_packages
from bedplate.artifacts.load_release import load_release
from bedplate.config import catalog
from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.component import Component
from bedplate.config.host_spec import HostFile, HostSpec
from bedplate.config.release_lock import set_name
from bedplate.core import digest, paths
from bedplate.distributions.distribution import Distribution
from bedplate.distributions.find_distribution import find_distribution
from bedplate.render.host_specs import host_specs
from bedplate.render.reference_site import NAME, reference_site
from bedplate.render.role_files import Role
from bedplate.render.role_tree import RoleTree

ROLES = paths.SOURCE / "roles"
UNKNOWN = digest.of(NAME)
"""Placeholder for digests, which only a built release has."""
LOCKED = "locked"
"""Placeholder for versions of packages, which only the lock has."""
INTRODUCTION = f"""\
# What the roles write on each host

Generated from the roles (`make docs`): every file that Bedplate writes from a template, and its content, for an
environment named `{NAME}` with three hosts (bastion, cp1, worker1) and default settings. For a real environment, run
`bedplate render ENV --hosts` on the bastion. [What Bedplate does to your
hosts](../explanation/what-is-done-to-your-hosts.md) lists everything else, in order.
"""
PACKAGES = """\
## Packages

Installed from the mirror, with dependencies but without recommended packages. Those in **bold** have exactly the
version of the release's lock. Others have at least that version: a newer one that a host already has stays.
"""
PROGRAMS = """
## Programs

Unpacked to `/opt/bedplate/<component>/<version>/`, and verified by digest. The link `current` next to it names the
version in use.
"""


def page() -> str:
    """Return the page."""
    release = load_release(catalog.newest())
    specs = host_specs(
        reference_site(release.release.version, []), release.release, release.components, _release_file(release)
    )
    source = _distribution(release).package_source_role
    tree = RoleTree(ROLES)
    roles = {spec.host: tree.roles_of_groups(spec.groups, source) for spec in specs}
    names = dict.fromkeys(name for listed in roles.values() for name in listed)
    parts = [INTRODUCTION, PACKAGES, *(f"- {spec.host}: {', '.join(_packages(spec))}" for spec in specs)]
    parts += [PROGRAMS, *(f"- {spec.host}: {', '.join(_programs(spec))}" for spec in specs), ""]
    return "\n".join([*parts, *(line for name in names for line in _role(name, _played(tree, name, specs, roles)))])


def _distribution(release: Catalog) -> Distribution:
    return find_distribution(release.release.platform.distribution)


def _played(tree: RoleTree, name: str, specs: Iterable[HostSpec], roles: Mapping[str, list[str]]) -> dict[str, Role]:
    """Return a role with its values on each host that has it."""
    return {spec.host: tree.role(name, spec.vars) for spec in specs if name in roles[spec.host]}


def _release_file(release: Catalog) -> ReleaseFile:
    """Return a release file with the fields that host specs read."""
    components = release.components.values()
    distribution = _distribution(release)
    packages = host_packages(components, distribution)
    kind, architecture = distribution.package_kind, release.release.platform.architecture
    names = sorted({*packages, *pinned_packages(components, distribution)})
    listed = [f"{kind}:{distribution.entry_name(name, LOCKED, architecture)}" for name in names]
    return ReleaseFile(
        release=release.release.version,
        installer=UNKNOWN,
        artifacts=[artifact for component in components for artifact in _artifacts(component)],
        sets={set_name(kind, packages): listed},
    )


def _artifacts(component: Component) -> Iterator[BundledArtifact]:
    common = {"component": component.name, "sha256": UNKNOWN, "size": 0}
    for image in component.images:
        name = f"{image.name}:{image.tag}"
        yield BundledArtifact.model_validate({**common, "id": f"image:{name}", "kind": "image", "image": name})
    for artifact in component.artifacts:
        yield BundledArtifact.model_validate({**common, "id": f"{artifact.kind}:{artifact.id}", "kind": artifact.kind})


def _packages(spec: HostSpec) -> list[str]:
    return [f"**{name}**" if name in spec.pinned else name for name in spec.packages]


def _programs(spec: HostSpec) -> list[str]:
    programs = spec.vars["programs_list"]
    return [f"`{one['component']}/{one['version']}/{path}`" for one in programs for path in one["paths"]]


def _role(name: str, played: Mapping[str, Role]) -> Iterator[str]:
    """Yield a role's section: its hosts, services, kernel settings and files."""
    yield f"## {name}\n"
    yield f"{_summary(name)}. On {', '.join(played)}.\n"
    if services := sorted({service for role in played.values() for service in role.services}):
        yield f"Kept active: {', '.join(f'`{service}`' for service in services)}.\n"
    if settings := {key: value for role in played.values() for key, value in role.settings.items()}:
        listed = ", ".join(f"`{key} = {value}`" for key, value in settings.items())
        yield f"Kernel settings, only if `hosts.kernel` is `managed`: {listed}.\n"
    for file, hosts in _files({host: list(role.files()) for host, role in played.items()}).items():
        yield from _file(file, hosts)


def _summary(name: str) -> str:
    specs = yaml.safe_load((ROLES / name / "meta" / "argument_specs.yml").read_text())
    return str(specs["argument_specs"]["main"]["short_description"])


def _files(by_host: Mapping[str, list[HostFile]]) -> dict[HostFile, list[str]]:
    """Return each file with its hosts, once for each different content."""
    by_file: dict[HostFile, list[str]] = {}
    for host, files in by_host.items():
        for file in files:
            by_file.setdefault(file, []).append(host)
    return dict(sorted(by_file.items(), key=lambda item: (item[0].path, item[1])))


def _file(file: HostFile, hosts: list[str]) -> Iterator[str]:
    part = ", a marked block; the rest of the file is unchanged" if file.part == "block" else ""
    yield f"**`{file.path}`** ({', '.join(hosts)}; mode {file.mode}{part})\n"
    if content := file.content.strip("\n"):
        yield "\n".join(f"    {line}".rstrip() for line in content.splitlines()) + "\n"
    else:
        yield "A public certificate or key of the environment, created on its bastion.\n"
