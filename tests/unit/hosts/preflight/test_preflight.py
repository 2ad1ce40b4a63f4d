"""Preflight: each rule with the fact that triggers it."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.config.environment_file import AcceptedFinding, HostSettings, PreflightSettings
from bedplate.config.environments import Site
from bedplate.config.release import Platform
from bedplate.hosts import preflight
from bedplate.hosts.preflight.facts import Clock, Facts
from bedplate.hosts.preflight.gather_facts import ProbeResult
from bedplate.hosts.preflight.login import LOGIN_FAILED, PROBE_FAILED, WORKER_SILENT
from bedplate.hosts.preflight.rules import RULES
from bedplate.hosts.preflight.wanted_hosts import WantedHosts

GIB = 1 << 30
CHRONYD = {"protocol": "udp", "port": 123, "program": "chronyd"}
EXACT = Clock(offset=0.01, uncertainty=0.02)
HEALTHY: dict[str, Any] = {
    "os": "debian",
    "suite": "bookworm",
    "version": "12",
    "pretty": "Debian GNU/Linux 12 (bookworm)",
    "machine": "x86_64",
    "kernel": "6.1.0-40-amd64",
    "root": True,
    "systemd": True,
    "container": "",
    "cpus": 8,
    "memory": 32 * GIB,
    "swap": 0,
    "cgroup": 2,
    "routes": [
        {"destination": "0.0.0.0/0", "interface": "eno1"},
        {"destination": "10.20.0.0/24", "interface": "eno1"},
    ],
    "listeners": [{"port": 22, "program": "sshd"}],
    "names": {},
    "resolve_seconds": 0.01,
    "reached": {"10.20.0.10:22": ""},
    "features": {"overlay": "present", "br_netfilter": "present"},
    "sysctls": {
        "net.ipv4.ip_forward": "1",
        "net.bridge.bridge-nf-call-iptables": "1",
        "fs.inotify.max_user_instances": "8192",
    },
    "noexec": [],
    "disk": {
        "kind": "ext4",
        "size": 500 * GIB,
        "free": 400 * GIB,
        "fsync_p50_ms": 0.4,
        "fsync_p99_ms": 1.2,
        "fsync_count": 200,
        "write_mb_s": 900.0,
    },
    "leftovers": [],
    "programs": [],
    "packages": [],
    "firewalls": [],
    "settings": {},
    "setting_lines": [],
    "swap_units": [],
    "held": [],
    "versions": {"containerd": "1.7.24~ds1-1", "chrony": "4.3-2+deb12u1"},
}
WANTED = WantedHosts(Platform(), {"worker1": {"containerd": "1.7.24~ds1-1", "runc": "1.1.5+ds1-1"}})
EXTERNAL = {"kernel": "external"}
RACK = {"destination": "10.20.0.12/32", "interface": "eno1", "direct": False}
"""A route to worker1 through a router."""


def _line(value: str, file: str) -> dict[str, str]:
    return {"name": "net.ipv4.ip_forward", "value": value, "file": file}


TABLE: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("os-unsupported", "cp1", {"suite": "trixie", "pretty": "Debian 13"}, {}),
    ("os-unsupported", "bastion", {"os": "ubuntu", "suite": "noble", "pretty": ""}, {}),
    ("architecture-wrong", "worker1", {"machine": "aarch64"}, {}),
    ("no-systemd", "worker1", {"systemd": False}, {}),
    ("no-root", "worker1", {"root": False}, {}),
    ("host-is-container", "worker1", {"container": "podman"}, {}),
    ("cpu-few", "cp1", {"cpus": 1}, {}),
    ("memory-small", "cp1", {"memory": GIB}, {}),
    ("memory-low", "worker1", {"memory": 4 * GIB}, {}),
    ("hostname-differs", "worker1", {"hostname": "localhost"}, {}),
    ("address-elsewhere", "worker1", {"addresses": ["127.0.0.1", "192.0.2.7"]}, {}),
    ("disk-full", "cp1", {"disk": {"free": 5 * GIB}}, {}),
    ("disk-small", "bastion", {"disk": {"free": 20 * GIB}}, {}),
    ("fsync-slow", "cp1", {"disk": {"fsync_p99_ms": 25.0}}, {}),
    ("fsync-too-slow", "cp1", {"disk": {"fsync_p99_ms": 250.0}}, {}),
    ("write-slow", "worker1", {"disk": {"write_mb_s": 12.0}}, {}),
    ("noexec", "worker1", {"noexec": ["/run", "/var/lib/containerd"]}, {}),
    ("range-routed", "cp1", {"routes": [{"destination": "10.21.4.0/22", "interface": "eno2"}]}, {}),
    ("no-service-route", "worker1", {"routes": HEALTHY["routes"][1:]}, {}),
    (
        "node-behind-router",
        "worker1",
        {"routes": [{"destination": "0.0.0.0/0", "interface": "eno1", "direct": False}]},
        {},
    ),
    ("node-behind-router", "cp1", {"routes": [*HEALTHY["routes"], RACK]}, {}),
    ("host-unreachable", "worker1", {"reached": {"10.20.0.11:22": "timed out"}}, {}),
    ("port-taken", "cp1", {"listeners": [{"port": 2379, "program": "etcd"}]}, {}),
    ("port-taken", "worker1", {"listeners": [{"port": 30443, "program": ""}]}, {}),
    ("port-taken", "bastion", {"listeners": [{"port": 443, "program": "apache2"}]}, {}),
    ("port-taken", "bastion", {"listeners": [{"protocol": "udp", "port": 123, "program": "ntpd"}]}, {}),
    ("port-taken", "cp1", {"listeners": [{"port": 20241, "program": "nginx"}]}, {}),
    ("name-elsewhere", "worker1", {"names": {"api.ml.example.internal": ["10.9.9.9"]}}, {}),
    ("names-slow", "worker1", {"resolve_seconds": 10.0}, {}),
    ("firewall-active", "worker1", {"firewalls": ["ufw"]}, {}),
    ("kernel-feature-missing", "worker1", {"features": {"overlay": "missing"}}, {}),
    ("kernel-module-unloaded", "worker1", {"features": {"br_netfilter": "loadable"}}, EXTERNAL),
    ("cgroup-v1", "worker1", {"cgroup": 1}, {}),
    ("swap-on", "worker1", {"swap": GIB}, {}),
    ("swap-returns", "worker1", {"swap_units": ["dev-sda3.swap"]}, EXTERNAL),
    ("sysctl-overridden", "worker1", {"setting_lines": [_line("0", "/etc/sysctl.d/zzzz-cis.conf")]}, {}),
    ("sysctl-conflicts", "worker1", {"setting_lines": [_line("0", "/etc/sysctl.conf")]}, {}),
    ("sysctl-unset", "worker1", {"sysctls": {"net.ipv4.ip_forward": "0"}}, EXTERNAL),
    ("inotify-low", "worker1", {"sysctls": {"fs.inotify.max_user_instances": "128"}}, EXTERNAL),
    ("leftover-files", "cp1", {"leftovers": ["/etc/kubernetes/admin.conf"]}, {}),
    ("leftover-programs", "worker1", {"programs": ["kubelet"]}, {}),
    ("package-contends", "cp1", {"packages": ["etcd-server"]}, {}),
    ("packages-held", "cp1", {"held": ["openssl"]}, {}),
    ("package-newer", "worker1", {"versions": {"containerd": "1.7.24~ds1-1+b2"}}, {}),
    ("package-newer", "worker1", {"versions": {"runc": "1:1.0.0-1"}}, {}),
    ("clock-drifts", "worker1", {"clock": 2.0}, {}),
    ("clock-off", "worker1", {"clock": -3600.0}, {}),
]
INSTALLED: list[tuple[str, str, dict[str, Any]]] = [
    ("sysctl-changed", "worker1", {"settings": {"net.ipv4.ip_forward": "0"}}),
    ("name-lost", "worker1", {"names": {"api.ml.example.internal": []}}),
]
"""Facts that only a host on which the platform is installed must not have."""
SILENT: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("a module that the roles will load", "worker1", {"features": {"overlay": "loadable"}}, {}),
    ("a setting that the roles will make", "worker1", {"sysctls": {"net.ipv4.ip_forward": "0"}}, {}),
    (
        "a file that the roles' own wins over",
        "worker1",
        {"setting_lines": [_line("0", "/etc/sysctl.d/99-cis.conf")]},
        {},
    ),
    ("a line with the value that is needed", "worker1", {"setting_lines": [_line("1", "/etc/sysctl.conf")]}, {}),
    ("swap units that the roles will mask", "worker1", {"swap_units": ["dev-sda3.swap"]}, {}),
    ("lines on the bastion", "bastion", {"setting_lines": [_line("0", "/etc/sysctl.conf")]}, {}),
    ("settings that are someone else's", "worker1", {"setting_lines": [_line("0", "/etc/sysctl.conf")]}, EXTERNAL),
    ("the bastion's own time service", "bastion", {"listeners": [CHRONYD]}, {}),
    ("a UDP port of a TCP service", "cp1", {"listeners": [{"protocol": "udp", "port": 6443, "program": "x"}]}, {}),
    ("cluster ports on the bastion", "bastion", {"listeners": [{"port": 6443, "program": "x"}]}, {}),
    ("a worker's slow disk", "worker1", {"disk": {"fsync_p99_ms": 250.0}}, {}),
    ("a name that is right", "cp1", {"names": {"api.ml.example.internal": ["10.20.0.11"]}}, {}),
    ("a router to elsewhere", "cp1", {"routes": [{**HEALTHY["routes"][0], "direct": False}, HEALTHY["routes"][1]]}, {}),
    ("an older package", "worker1", {"versions": {"containerd": "1.7.24~ds1~rc1-1"}}, {}),
    ("a package that the host does not get", "cp1", {"versions": {"containerd": "2.0-1"}}, {}),
    ("a bastion in another network", "bastion", {"routes": [RACK]}, {}),
    ("a route to the services", "cp1", {"routes": [{"destination": "10.16.0.0/12", "interface": "eno1"}]}, {}),
]


def _result(site: Site, name: str, changes: dict[str, Any]) -> ProbeResult:
    host = next(host for host in site.hosts if host.name == name)
    facts = {**HEALTHY, "hostname": name, "addresses": ["127.0.0.1", str(host.address)], **changes}
    facts["disk"] = {**HEALTHY["disk"], **changes.get("disk", {})}
    facts["sysctls"] = {**HEALTHY["sysctls"], **changes.get("sysctls", {})}
    clock = Clock(offset=facts.pop("clock"), uncertainty=0.02) if "clock" in facts else EXACT
    return ProbeResult(host, Facts.model_validate(facts), clock)


def _ids(site: Site, result: ProbeResult, *, is_installed: bool = False, **hosts: Any) -> list[str]:
    settings = HostSettings.model_validate(hosts)
    changed = Site(site.folder, site.environment.model_copy(update={"hosts": settings}), site.hosts)
    return [finding.id for finding in preflight.evaluate(changed, [result], WANTED, is_installed=is_installed)]


@pytest.mark.parametrize("name", ["bastion", "cp1", "worker1"])
def test_a_healthy_host_has_no_finding(site: Site, name: str) -> None:
    """Facts of an ordinary server trigger no rule."""
    assert _ids(site, _result(site, name, {})) == []


@pytest.mark.parametrize(("finding", "name", "changes", "hosts"), TABLE)
def test_each_fact_triggers_its_rule(
    site: Site, finding: str, name: str, changes: dict[str, Any], hosts: dict[str, Any]
) -> None:
    """Each fact triggers its own rule and no other."""
    # Without a default route, a second rule reports the missing route to Services.
    found = _ids(site, _result(site, name, changes), **hosts)
    assert finding in found
    assert set(found) <= {finding, "no-service-route"}


@pytest.mark.parametrize(("finding", "name", "changes"), INSTALLED)
def test_what_an_installed_host_has_lost_is_found(site: Site, finding: str, name: str, changes: dict[str, Any]) -> None:
    """What the platform set is missing later: a finding once it is installed, and none before."""
    assert _ids(site, _result(site, name, changes), is_installed=True) == [finding]
    assert _ids(site, _result(site, name, changes)) == []


@pytest.mark.parametrize(("what", "name", "changes", "hosts"), SILENT)
def test_facts_that_trigger_no_rule(
    site: Site, what: str, name: str, changes: dict[str, Any], hosts: dict[str, Any]
) -> None:
    """What the roles change themselves, and what only matters on other hosts, is not reported."""
    found = _ids(site, _result(site, name, changes), **hosts)
    assert set(found) <= ({"range-routed"} if what == "a route to the services" else set())


def test_every_rule_is_in_the_table() -> None:
    """Every rule is tested, and ids are unique."""
    ids = [rule.id for rule in RULES]
    untested = {LOGIN_FAILED.id, WORKER_SILENT.id, PROBE_FAILED.id}
    assert set(ids) - untested == {finding for finding, *_ in (*TABLE, *INSTALLED)}
    assert len(ids) == len(set(ids))


def test_what_the_platform_owns_is_expected(site: Site) -> None:
    """After an installation, its own files, programs and ports are not leftovers."""
    own = {
        "leftovers": ["/etc/kubernetes/admin.conf"],
        "programs": ["containerd", "kubelet"],
        "listeners": [{"port": 6443, "program": "kube-apiserver"}],
    }
    assert _ids(site, _result(site, "cp1", own), is_installed=True) == []
    assert len(_ids(site, _result(site, "cp1", own))) == 3


def test_a_host_that_cannot_be_reached_is_a_hard_finding(site: Site) -> None:
    """Without facts, nothing may change."""
    result = ProbeResult(site.hosts[1], failure=LOGIN_FAILED, message="SSH to root@10.20.0.11 failed: timed out")
    (finding,) = preflight.evaluate(site, [result], WANTED, is_installed=False)
    assert (finding.id, finding.host, finding.stops) == ("login-fails", "cp1", True)


def test_a_newer_package_is_named_with_both_versions(site: Site) -> None:
    """Host, package, the version that is there and the one that apply would install."""
    result = _result(site, "worker1", {"versions": {"containerd": "2.0.0-1"}})
    (finding,) = preflight.evaluate(site, [result], WANTED, is_installed=True)
    assert (finding.host, finding.severity) == ("worker1", "soft")
    assert finding.what == "has containerd 2.0.0-1, which is newer than the release's 1.7.24~ds1-1"


def test_a_worker_that_cannot_be_reached_stops_nothing(site: Site) -> None:
    """An apply goes on without it, so the finding is soft; a worker that is the control plane, too, is needed."""
    worker = site.hosts[2]
    both = worker.model_copy(update={"groups": ("control_plane", "workers")})
    results = [ProbeResult(host, failure=LOGIN_FAILED, message="timed out") for host in (worker, both)]
    findings = preflight.evaluate(site, results, WANTED, is_installed=False)
    assert [(finding.id, finding.stops) for finding in findings] == [("worker-silent", False), ("login-fails", True)]


def test_an_accepted_finding_does_not_stop_apply(site: Site) -> None:
    """It is still listed, with the reason."""
    accept = PreflightSettings(accept=[AcceptedFinding(id="cpu-few", reason="a lab on one computer")])
    site = Site(site.folder, site.environment.model_copy(update={"preflight": accept}), site.hosts)
    (finding,) = preflight.evaluate(site, [_result(site, "cp1", {"cpus": 1})], WANTED, is_installed=False)
    assert finding.severity == "hard"
    assert not finding.stops
    assert finding.accepted == "a lab on one computer"


def test_only_a_certain_difference_of_clocks_counts() -> None:
    """A slow connection alone is not a skew."""
    assert Clock(offset=1.5, uncertainty=2.0).skew == 0
    assert Clock(offset=-1.5, uncertainty=0.5).skew == 1.0
