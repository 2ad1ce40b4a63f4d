import hashlib
import time
from typing import Any

import pytest

from bedplate.acceptance import running_programs
from bedplate.acceptance.host_answers import listed, on_each, output
from bedplate.acceptance.host_selection import HostSelection
from bedplate.acceptance.running_programs import RunningProgram
from bedplate.apply.installation import Installation
from bedplate.artifacts.ecosystem import Ecosystem
from bedplate.artifacts.kinds import source_kinds
from bedplate.config.addresses import site_names
from bedplate.config.environments import Site
from bedplate.config.host_spec import HostFile, HostSpec
from bedplate.distributions.distribution import Distribution
from bedplate.distributions.find_distribution import find_distribution

SECONDS_OFF = 0.5
SYNC_SECONDS = 180
STATES = (("is-active", "active"), ("is-enabled", "enabled"))

Hosts = dict[str, Any]


@pytest.fixture(scope="module")
def specs(installation: Installation) -> dict[str, HostSpec]:
    """Return every host's HostSpec by its name."""
    return {spec.host: spec for spec in installation.specs}


@pytest.fixture(scope="module")
def distribution(installation: Installation) -> Distribution:
    """Return the hosts' distribution."""
    return find_distribution(installation.catalog.release.platform.distribution)


def test_every_host_answers(selection: HostSelection, record_property: Any) -> None:
    """Every host that is not in maintenance answers over SSH."""
    record_property("hosts_in_maintenance", list(selection.maintained))
    assert not selection.silent, listed(selection.silent)


def test_services_are_active(hosts: Hosts, specs: dict[str, HostSpec]) -> None:
    """Every host's services are active and start at boot."""

    def states(name: str, host: Any) -> list[list[str]]:
        units = " ".join(specs[name].services)
        return [host.run(f"systemctl {query} -- {units}").stdout.split() for query, _ in STATES]

    wrong = {
        f"{name}: {unit}": f"is {state}, not {wanted}"
        for name, found in on_each(hosts, states).items()
        for (_, wanted), column in zip(STATES, found, strict=True)
        for unit, state in zip(specs[name].services, column, strict=True)
        if state != wanted
    }
    assert not wrong, listed(wrong)


def test_no_unit_has_failed(hosts: Hosts, specs: dict[str, HostSpec], record_property: Any) -> None:
    """No systemd unit of Bedplate has failed on any host."""
    command = "systemctl list-units --failed --plain --no-legend"
    failed = on_each(hosts, lambda _, host: [line.split()[0] for line in output(host, command).splitlines()])
    ours = {name: sorted({*units} & {*specs[name].services}) for name, units in failed.items()}
    record_property("failed_units_of_the_site", sum(len(units) - len(ours[name]) for name, units in failed.items()))
    wrong = {name: ", ".join(units) for name, units in ours.items() if units}
    assert not wrong, listed(wrong)


def test_packages_are_the_releases(hosts: Hosts, specs: dict[str, HostSpec], distribution: Distribution) -> None:
    """What the release owns has its version, every other package has that or a newer one."""

    def installed(name: str, host: Any) -> dict[str, str]:
        names = list(specs[name].packages)
        found = output(host, " ".join(["sh -c %s sh", *["%s"] * len(names)]), distribution.query_packages, *names)
        return dict(line.split() for line in found.splitlines()) if names else {}

    ecosystem = source_kinds()[distribution.package_kind].ecosystem()
    assert ecosystem, f"packages of the kind {distribution.package_kind} have no ecosystem, which knows their order"
    found = on_each(hosts, installed)
    other = {
        f"{name}: {package}": f"{found[name].get(package, 'not installed')}, the release has {version}"
        for name in hosts
        for package, version in specs[name].packages.items()
        if not _is_accepted(found[name].get(package), version, ecosystem, is_pinned=package in specs[name].pinned)
    }
    assert not other, listed(other)


def _is_accepted(installed: str | None, version: str, ecosystem: Ecosystem, *, is_pinned: bool) -> bool:
    if is_pinned or installed is None:
        return installed == version
    return bool(ecosystem.parse_version(installed) >= ecosystem.parse_version(version))


def test_packages_come_from_the_mirror_only(hosts: Hosts, site: Site, distribution: Distribution) -> None:
    """The mirror is a package source of every host, and the only one unless the site keeps its own."""
    wanted = f"https://{site_names(site.environment.domain).mirror}/{distribution.repository}"
    command = distribution.list_repositories
    found = on_each(hosts, lambda _, host: {uri.rstrip("/") for uri in output(host, command).split()})
    if site.environment.hosts.package_sources == "keep-site":
        found = {name: uris & {wanted} for name, uris in found.items()}
    other = {name: ", ".join(sorted(uris)) or "no source" for name, uris in found.items() if uris != {wanted}}
    assert not other, listed(other)


def test_files_are_as_rendered(hosts: Hosts, specs: dict[str, HostSpec]) -> None:
    """Every file that Bedplate writes has the rendered content and mode."""
    found = on_each(hosts, lambda name, host: [file.path for file in specs[name].files if not _is_there(host, file)])
    other = {f"{name}: {path}": "differs" for name, paths in found.items() for path in paths}
    assert not other, listed(other)


def _is_there(host: Any, file: HostFile) -> bool:
    if file.part == "block":
        return file.content.strip() in host.run("cat %s", file.path).stdout
    words = host.run("stat -c %%a %s && sha256sum %s", file.path, file.path).stdout.split()
    if not words:
        return False
    return bool(int(words[0], 8) == int(file.mode, 8) and words[1] == hashlib.sha256(file.content.encode()).hexdigest())


def test_programs_are_current(hosts: Hosts, specs: dict[str, HostSpec]) -> None:
    """Every program in /opt/bedplate has the release's version."""

    def links(name: str, host: Any) -> dict[str, str]:
        return {
            one: host.run("readlink /opt/bedplate/%s/current", one).stdout.strip() for one in _programs(specs[name])
        }

    other = {
        f"{name}: {component}": f"{found or 'missing'}, the release has {_programs(specs[name])[component]}"
        for name, components in on_each(hosts, links).items()
        for component, found in components.items()
        if found != _programs(specs[name])[component]
    }
    assert not other, listed(other)


def test_running_programs_are_the_installed_ones(
    hosts: Hosts, specs: dict[str, HostSpec], record_property: Any
) -> None:
    """Every service runs the program and the libraries that are installed now, not those from before an upgrade."""

    def running(name: str, host: Any) -> dict[str, RunningProgram]:
        words = running_programs.words(specs[name].services)
        return running_programs.parse(output(host, " ".join(["%s"] * len(words)), *words))

    found = on_each(hosts, running)
    record_property("processes", sum(len(units) for units in found.values()))
    wrong = {
        f"{name}: {unit}": problem
        for name, units in found.items()
        for unit, process in units.items()
        if (problem := process.problem(_programs(specs[name])))
    }
    assert any(found.values()), "no service has a process"
    assert not wrong, listed(wrong)


def _programs(spec: HostSpec) -> dict[str, str]:
    return {program["component"]: program["version"] for program in spec.vars["programs_list"]}


def test_kernel_settings(hosts: Hosts, specs: dict[str, HostSpec]) -> None:
    """Kernel settings are those that nodes need, where Bedplate manages the kernel."""

    def settings(name: str, host: Any) -> dict[str, str]:
        return {
            one: host.run("cat %s", f"/proc/sys/{one.replace('.', '/')}").stdout.strip() for one in specs[name].sysctls
        }

    other = {
        f"{name}: {setting}": f"{value or 'missing'} instead of {specs[name].sysctls[setting]}"
        for name, values in on_each(hosts, settings).items()
        for setting, value in values.items()
        if value != specs[name].sysctls[setting]
    }
    assert not other, listed(other)


def test_time_is_one(hosts: Hosts, record_property: Any) -> None:
    """Every host's clock is synchronised and within half a second of its source."""
    found = on_each(hosts, lambda _, host: _tracking(host))
    off = {name: float(fields[4]) for name, fields in found.items()}
    record_property("seconds_off_most", max(map(abs, off.values())))
    wrong = {
        name: f"is off by {off[name]:.3f} s, leap status {fields[-1]}"
        for name, fields in found.items()
        if abs(off[name]) >= SECONDS_OFF or fields[-1] != "Normal"
    }
    assert not wrong, listed(wrong)


def _tracking(host: Any) -> list[str]:
    """Return what chronyd follows; after a start or a pause of the machine it needs a few answers of its source."""
    end = time.monotonic() + SYNC_SECONDS
    # https://chrony-project.org/doc/4.3/chronyc.html: -c gives the fields of `tracking` in a fixed order.
    while (fields := output(host, "chronyc -c tracking").split(","))[-1] != "Normal" and time.monotonic() < end:
        time.sleep(5)
    return fields
