"""The role control_plane on a host that kubeadm has finished, in a container: it repairs, refuses, and never resets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bedplate.core.errors import BedplateError
from factories.node_root import kubeadm
from factories.role_machine import RoleMachine
from factories.role_site import role_site

pytestmark = pytest.mark.containers

NAME = "bedplate-finished"
ROLES = ["node_maintenance", "control_plane"]
SETTINGS = "/etc/bedplate/kubeadm.yaml"
ADMIN, KEY = "/etc/kubernetes/admin.conf", "/etc/kubernetes/pki/ca.key"
INIT = f"""
set -e
for phase in "certs all" "kubeconfig all" "etcd local" "control-plane all"; do
    kubeadm init phase $phase --config {SETTINGS} >/dev/null
done
mkdir -p /var/lib/etcd/member && echo data >/var/lib/etcd/member/wal
"""
"""What `kubeadm init` leaves; nothing is started, as no kubelet runs here."""
DATA = "ls -i /var/lib/etcd/member/wal; cat /var/lib/etcd/member/wal; ls /etc/bedplate | grep begun"


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the administrator's kubeconfig is kept on the bastion, which is this computer."""
    return tmp_path_factory.mktemp("bastion") / "admin.conf"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, admin: Path) -> Iterator[RoleMachine]:
    """Return the container of a finished control plane, set up by an earlier release, which wrote no stamp."""
    with role_site(NAME, tmp_path_factory.mktemp("roles")) as site:
        machine = RoleMachine(site, "cp1")
        machine.spec = machine.spec.model_copy(
            update={"vars": {**machine.spec.vars, "control_plane_admin": str(admin)}}
        )
        machine.copy_mirror()
        machine.install(("openssl",))
        machine.copy(kubeadm(), "/usr/local/bin/kubeadm")
        (settings,) = [file.content for file in machine.spec.files if file.path == SETTINGS]
        machine.shell('mkdir -p /etc/bedplate && printf %s "$1" >"$2"', settings, SETTINGS)
        machine.shell(INIT)
        yield machine


def test_it_is_stamped_and_left_alone(machine: RoleMachine, admin: Path) -> None:
    """The first run stamps it; what kubeadm wrote is what its settings mean, so a second run changes nothing."""
    data = machine.shell(DATA, check=False).stdout
    assert machine.run_roles(ROLES).changed > 0
    assert "Bedplate never resets it" in machine.content("/etc/bedplate/control-plane.made")
    assert machine.run_roles(ROLES).changes == []
    assert machine.run_roles(ROLES, check=True).changes == []
    assert admin.read_text() == machine.content(ADMIN)
    assert machine.shell(DATA, check=False).stdout == data


@pytest.mark.parametrize("stamp", ["kept", "lost"])
def test_a_lost_kubeconfig_is_created_again(machine: RoleMachine, admin: Path, stamp: str) -> None:
    """Two runs without admin.conf reset nothing: the authority signs a new one, and the bastion gets it."""
    data, before = machine.shell(DATA, check=False).stdout, machine.content(ADMIN)
    machine.shell(f"rm {ADMIN}")
    if stamp == "lost":
        machine.shell("rm /etc/bedplate/control-plane.made")
    for _ in range(2):
        machine.run_roles(ROLES)
    assert machine.content(ADMIN) != before
    assert admin.read_text() == machine.content(ADMIN)
    assert machine.shell(DATA, check=False).stdout == data


def test_without_the_authority_the_run_is_refused(machine: RoleMachine) -> None:
    """What only a backup can bring back is named; etcd's data stays, and no other authority is created."""
    data = machine.shell(DATA, check=False).stdout
    machine.shell(f"mv {KEY} {ADMIN} /root/")
    try:
        for _ in range(2):
            with pytest.raises(BedplateError, match=r"lacks ca.key.*restore it from a backup"):
                machine.run_roles(ROLES)
        assert machine.shell(f"test -e {KEY} || test -e {ADMIN}", check=False).returncode == 1
        assert machine.shell(DATA, check=False).stdout == data
    finally:
        machine.shell(f"mv /root/ca.key {KEY}; mv /root/admin.conf {ADMIN}")


def test_an_earlier_releases_mark_on_a_finished_host_is_refused(machine: RoleMachine) -> None:
    """An earlier release wrote its mark on finished hosts, too; the data next to it may be a cluster's."""
    machine.shell(
        "mv /etc/bedplate/control-plane.made /root/; echo kubeadm init was begun >/etc/bedplate/control-plane.begun"
    )
    data = machine.shell(DATA, check=False).stdout
    try:
        with pytest.raises(BedplateError, match="so nothing is reset"):
            machine.run_roles(ROLES)
        assert machine.shell(DATA, check=False).stdout == data
    finally:
        machine.shell("mv /root/control-plane.made /etc/bedplate/; rm /etc/bedplate/control-plane.begun")


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("podSubnet: ", "podSubnet: 10.9.0.0/16 #", "a running cluster cannot change podSubnet"),
        ("kubernetesVersion: v1", "kubernetesVersion: v1.34.9 #", "Bedplate cannot upgrade a running cluster yet"),
    ],
)
def test_what_a_running_cluster_cannot_change_is_refused(
    machine: RoleMachine, before: str, after: str, why: str
) -> None:
    """Before any pod restarts, the program names the setting, or both versions."""
    pods = machine.shell("cat /etc/kubernetes/manifests/*").stdout
    machine.shell('sed -i "s,$1,$2," "$3"', before, after, SETTINGS)
    done = machine.shell("bedplate-node configure", check=False)
    assert (done.returncode, why in done.stderr.decode()) == (1, True), done.stderr
    assert machine.shell("cat /etc/kubernetes/manifests/*").stdout == pods
    assert machine.run_roles(ROLES).changed == 1
