"""Findings about hosts that drain or reboot, and about the quotas of tenants."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.config.host_spec import HostFile, HostSpec
from bedplate.core import digest
from bedplate.diff.effects.effect_finding import Effects, QuotaChange, Risk
from factories.diff_effects import effects_between, messages, snapshot_of

NAMESPACE = "{apiVersion: v1, kind: Namespace, metadata: {name: %s, labels: {bedplate.dev/tenant: vision}}}\n---\n"
QUOTA = "{apiVersion: v1, kind: ResourceQuota, metadata: {name: q, namespace: %s}, spec: {hard: %s}}\n---\n"
GPUS = "{requests.nvidia.com/gpu: %s, requests.cpu: %s, limits.cpu: %s}"


def tenant(gpus: str, cpu: str = "'4'") -> str:
    """Return a tenant with two namespaces, the second without a change."""
    mine = NAMESPACE % "a" + QUOTA % ("a", GPUS % (gpus, cpu, cpu))
    return mine + NAMESPACE % "b" + QUOTA % ("b", GPUS % ("'2'", "'4'", "'4'"))


def test_quotas_are_summed_by_tenant() -> None:
    """The amounts are the tenant's sums; equal changes of requests and limits are written once."""
    found = effects_between(tenant("'4'"), tenant("'8'", "'6'"))
    assert found.quotas[-1] == QuotaChange("tenant vision", "requests.nvidia.com/gpu", "6", "10")
    assert messages(found) == [("quota-raised", "may use more: cpu 8 → 10, nvidia.com/gpu 6 → 10")]


def test_a_lower_quota_is_a_risk() -> None:
    """New pods may be refused."""
    (found,) = effects_between(tenant("'4'"), tenant("'1'")).findings
    assert (found.rule, found.risk, found.subject) == ("quota-lowered", Risk.DISRUPTION, "tenant vision")


def test_quotas_are_compared_with_the_nodes() -> None:
    """If nodes say what they have, quotas that promise more are a finding; otherwise the capacity is unknown."""
    node = "{apiVersion: v1, kind: Node, metadata: {name: w1}, status: {allocatable: {nvidia.com/gpu: '8'}}}\n---\n"
    found = effects_between(tenant("'4'") + node, tenant("'8'") + node)
    assert QuotaChange("nodes", "requests.nvidia.com/gpu", "8", "8") in found.quotas
    assert [one.rule for one in found.findings] == ["quota-over-capacity", "quota-raised"]
    assert effects_between(tenant("'4'"), tenant("'8'")).facts["capacity"] == "unknown"


def test_a_new_tenant_loses_nothing() -> None:
    """Its first quota does not limit what it had before."""
    assert not effects_between("", tenant("'4'")).findings


def host(**more: Any) -> HostSpec:
    """Return a worker."""
    given: dict[str, Any] = {
        "host": "w1",
        "address": "10.0.0.1",
        "groups": ("workers",),
        "packages": {"containerd": "1.6.20", "linux-image-amd64": "6.1.1", "chrony": "4.3"},
        "binaries": {"kubelet": "1.34.3"},
        "services": ("kubelet.service",),
        "sysctls": {"vm.max_map_count": "65530"},
        "files": (HostFile(path="/etc/chrony/chrony.conf", content="a"),),
        "vars": {"apt_source_packages": {}},
    }
    spec = HostSpec(**given | more)
    return spec.model_copy(update={"digest": digest.of(spec.model_dump(mode="json", exclude={"digest"}))})


def hosts(**more: Any) -> Effects:
    """Return the effects of a change of the worker."""
    return effects_between(snapshot_of("", hosts={"w1": host()}), snapshot_of("", hosts={"w1": host(**more)}))


RUNTIME = {"containerd": "1.7.2", "linux-image-amd64": "6.1.1", "chrony": "4.3"}
KERNEL = {"containerd": "1.6.20", "linux-image-amd64": "6.1.2", "chrony": "4.3"}
HOSTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a runtime and a kubelet": (
        {"packages": RUNTIME, "binaries": {"kubelet": "1.35.0"}},
        "host-drains", "is drained: containerd 1.6.20 → 1.7.2 and kubelet 1.34.3 → 1.35.0"),
    "a kernel": (
        {"packages": KERNEL}, "host-reboots", "is drained and rebooted: kernel linux-image-amd64 6.1.1 → 6.1.2"),
    "a sysctl": (
        {"sysctls": {"vm.max_map_count": "262144"}},
        "host-changes", "changes without a drain: sysctl vm.max_map_count 65530 → 262144, immediately"),
    "a file": (
        {"files": (HostFile(path="/etc/chrony/chrony.conf", content="b"),)},
        "host-changes", "changes without a drain: file /etc/chrony/chrony.conf"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTS)
def test_hosts_drain_or_reboot_for_named_reasons(name: str) -> None:
    """Each host has one finding: its strongest effect, and why."""
    more, rule_id, fact = HOSTS[name]
    assert messages(hosts(**more)) == [(rule_id, fact)]


def test_drains_and_reboots_are_listed_by_node() -> None:
    """Each list gives the reasons, for programs."""
    found = hosts(packages=RUNTIME | {"linux-image-amd64": "6.1.2"}, sysctls={})
    assert found.drains == {"w1": ("containerd 1.6.20 → 1.7.2",)}
    assert found.reboots == {"w1": ("kernel linux-image-amd64 6.1.1 → 6.1.2",)}
    assert not hosts(sysctls={}).drains


def test_a_worker_that_leaves_puts_data_at_risk() -> None:
    """Its local volumes are lost to the cluster."""
    (found,) = effects_between(snapshot_of("", hosts={"w1": host()}), snapshot_of("")).findings
    assert (found.rule, found.risk) == ("host-removed", Risk.DATA)
