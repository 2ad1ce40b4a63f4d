"""`hosts.kernel: managed` on a machine with its own kernel: the host roles run over SSH, and hold over a reboot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bedplate.core.errors import BedplateError
from bedplate.lab import prerequisites
from bedplate.pki import authority
from factories import unavailable
from factories.role_machine import RoleMachine
from factories.role_site import RoleSite, remove_role_site
from factories.virtual_disk import ensure_disk
from factories.virtual_machine import VirtualMachine, unplug

NAME = "bedplate-managed"
MANAGED = {
    "kernel: external": "kernel: managed",
    "oomScore: restricted": "oomScore: managed",
    "cgroupDriver: cgroupfs": "cgroupDriver: systemd",
}
PROGRAMS = ("go:kubernetes-node", "go:cni-plugins")
HARDENING = "etc/sysctl.d/99-hardening.conf"
SITE_FILES = {
    HARDENING: "net.ipv4.ip_forward = 0\nvm.overcommit_memory = 2\nkernel.panic = 0\n",
    "etc/systemd/system/site-swap.service": (
        "[Service]\nType=oneshot\nExecStart=/bin/systemctl start dev-vda2.swap\n[Install]\nWantedBy=multi-user.target\n"
    ),
}
"""What a bank's image has: hardening that forbids forwarding, and swap, also by a service of its own."""
ROLES = ("base", "apt_source", "time", "containerd", "programs", "kubelet", "restarted_services")
PKI = "/var/lib/kubelet/pki"
KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{{name: c, cluster: {{server: "https://{address}:6443", certificate-authority: /etc/bedplate/ca.crt}}}}]
users: [{{name: u, user: {{client-certificate: {folder}/kubelet.crt, client-key: {folder}/kubelet.key}}}}]
contexts: [{{name: x, context: {{cluster: c, user: u}}}}]
current-context: x
"""
"""Names an API server that does not answer: the kubelet runs and keeps trying."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoleSite]:
    """Return the environment of one virtual machine, whose kernel the roles manage."""
    if os.geteuid() != 0:
        unavailable("a virtual machine on a lab's network needs root")
    prerequisites.ensure_packages(print, {**prerequisites.PACKAGES, **prerequisites.VIRTUAL_MACHINES})
    _remove_lab()
    try:
        yield RoleSite(NAME, tmp_path_factory.mktemp("managed"), changes=MANAGED, programs=PROGRAMS)
    finally:
        _remove_lab()


def _remove_lab() -> None:
    unplug()
    remove_role_site(NAME)


@pytest.fixture(scope="module")
def machine(site: RoleSite) -> Iterator[VirtualMachine]:
    """Return worker1 as a virtual machine after the roles have run; a container serves the mirror."""
    bastion = RoleMachine(site, "bastion")
    machine = None
    try:
        bastion.copy_mirror()
        bastion.serve_mirror()
        machine = VirtualMachine(site, "worker1", ensure_disk(), SITE_FILES)
        machine.shell("systemctl enable site-swap.service")
        assert _swaps(machine) != []
        machine.run_roles(ROLES)
        yield machine
    finally:
        if machine:
            machine.remove()
        bastion.remove()


@pytest.fixture(scope="module")
def rebooted(machine: VirtualMachine, tmp_path_factory: pytest.TempPathFactory) -> VirtualMachine:
    """Return the machine after a reboot, with what kubeadm would give its kubelet."""
    _configure_kubelet(machine, tmp_path_factory.mktemp("kubelet"))
    machine.reboot()
    return machine


def _swaps(machine: VirtualMachine) -> list[str]:
    return machine.content("/proc/swaps").splitlines()[1:]


def _settings(machine: VirtualMachine) -> dict[str, str]:
    files = {name: f"/proc/sys/{name.replace('.', '/')}" for name in machine.spec.sysctls}
    values = machine.shell('cat "$@"', *files.values()).stdout.decode().splitlines()
    return dict(zip(files, values, strict=True))


def _configure_kubelet(machine: VirtualMachine, folder: Path) -> None:
    """Write the kubelet's settings as in cp1's kubeadm.yaml, a certificate, and an API server that is not there."""
    signer, _ = authority.ensure_authority(folder, "kubelet")
    authority.ensure_certificate(signer, folder / "kubelet.crt", folder / "kubelet.key", [machine.spec.host])
    (content,) = (file.content for file in machine.role_site.specs["cp1"].files if file.path.endswith("kubeadm.yaml"))
    kubelet = next(one for one in yaml.safe_load_all(content) if one["kind"] == "KubeletConfiguration")
    assert kubelet["failSwapOn"] is True
    assert kubelet["cgroupDriver"] == "systemd"
    kubelet |= {"serverTLSBootstrap": False, "authentication": {"webhook": {"enabled": False}}}
    kubelet |= {"authorization": {"mode": "AlwaysAllow"}, "staticPodPath": "/etc/kubernetes/manifests"}
    files = {
        "/var/lib/kubelet/config.yaml": yaml.safe_dump(kubelet),
        f"{PKI}/kubelet.crt": (folder / "kubelet.crt").read_text(),
        f"{PKI}/kubelet.key": (folder / "kubelet.key").read_text(),
        "/etc/kubernetes/kubelet.conf": KUBECONFIG.format(address=machine.role_site.specs["cp1"].address, folder=PKI),
    }
    for path, text in files.items():
        machine.shell('mkdir -p "${2%/*}" && printf %s "$1" >"$2"', text, path)


def test_settings_take_effect_at_once(machine: VirtualMachine) -> None:
    """After the roles have run, settings are in effect, swap is off, and a check finds nothing to change."""
    assert _settings(machine) == machine.spec.sysctls
    assert _swaps(machine) == []
    assert machine.run_roles(ROLES, check=True).changes == []


def test_what_something_else_changed_is_found_and_restored(machine: VirtualMachine) -> None:
    """A check names a setting and swap that were changed by hand, and leaves them; the role restores both."""
    machine.shell("echo 0 >/proc/sys/net/ipv4/ip_forward; swapon /dev/vda2")
    found = {change.task for change in machine.run_roles(["base"], check=True).changes}
    assert found == {"base: Apply settings that something else has changed", "base: Turn swap off"}
    assert _swaps(machine) != []
    machine.run_roles(["base"])
    assert _settings(machine) == machine.spec.sysctls
    assert _swaps(machine) == []


def test_a_file_that_wins_is_refused(machine: VirtualMachine) -> None:
    """A file that is read after the roles' own fails the run with the setting's name."""
    machine.shell("echo kernel.panic=0 >/etc/sysctl.d/zzzz-site.conf; echo 0 >/proc/sys/kernel/panic")
    with pytest.raises(BedplateError, match=r"/proc/sys/kernel/panic must be 10"):
        machine.run_roles(["base"])
    machine.shell("rm /etc/sysctl.d/zzzz-site.conf; echo 10 >/proc/sys/kernel/panic")


def test_no_unit_fails_at_boot(rebooted: VirtualMachine) -> None:
    """After a reboot, no unit has failed, and every service that runs without a cluster is active."""
    failed = rebooted.shell("systemctl list-units --failed --plain --no-legend").stdout.decode()
    assert failed == ""
    for unit in rebooted.spec.services:
        assert rebooted.shell('systemctl is-active "$1"', unit, check=False).stdout == b"active\n", unit


def test_swap_stays_off_over_a_reboot(rebooted: VirtualMachine) -> None:
    """Neither the GPT partition nor the site's own service turns swap on, and the kubelet runs with failSwapOn."""
    assert _swaps(rebooted) == []
    assert b"dev-vda2.swap" in rebooted.shell("systemctl list-units --type=swap --all --plain --no-legend").stdout
    assert rebooted.shell("systemctl is-enabled site-swap.service").stdout == b"enabled\n"
    assert rebooted.shell("systemctl is-active kubelet.service").stdout == b"active\n"


def test_settings_win_over_the_sites(rebooted: VirtualMachine) -> None:
    """The site's 99-*.conf is still there, and the nodes' settings are in effect."""
    assert "ip_forward = 0" in rebooted.content(f"/{HARDENING}")
    assert _settings(rebooted) == rebooted.spec.sysctls
    modules = rebooted.content("/proc/modules")
    assert all(f"{name} " in modules for name in ("br_netfilter", "nf_conntrack", "overlay"))


def test_route_and_audit_are_there(rebooted: VirtualMachine) -> None:
    """With an allow-hotplug interface and no default route, Services have a route, and the audit counts."""
    site = rebooted.role_site.site
    services = site.environment.network.services
    assert f"{services} dev" in rebooted.shell("ip route show").stdout.decode()
    assert rebooted.shell('ip route get "$1"', str(services[1])).stdout
    assert b"bedplate_audit" in rebooted.shell("nft list tables").stdout


def test_a_rebooted_machine_has_not_drifted(rebooted: VirtualMachine) -> None:
    """After a reboot, a check of all roles changes nothing."""
    assert rebooted.run_roles(ROLES, check=True).changes == []
