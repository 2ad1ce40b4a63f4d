"""What is damaged on a host by hand, role by role: the host's state names it, and the role that owns it restores it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bedplate.apply import step_questions
from bedplate.config.host_spec import HostSpec
from bedplate.core import paths
from bedplate.hosts.state import state_probe
from bedplate.hosts.state.host_questions import wrong_items
from bedplate.render.role_tree import RoleTree
from factories.role_machine import RoleMachine
from factories.role_site import RoleSite, role_site

pytestmark = pytest.mark.containers

NAME = "bedplate-damage"
PROGRAMS = "/opt/bedplate/kubernetes/current/bin"
REGISTRY = "/opt/bedplate/registry/current/bin/registry"


@dataclass(frozen=True, slots=True)
class Damage:
    """What is done to a host that a role has configured.

    Attributes:
        host: which of the lab's hosts the container is.
        script: shell script that damages it.
        items: the items of its state that differ then.
        packages: packages that are installed before the role runs.
        before: shell script that runs before the role.
        roles: roles that run before.
    """

    host: str
    script: str
    items: frozenset[str]
    packages: tuple[str, ...] = ()
    before: str = ""
    roles: tuple[str, ...] = ()


DAMAGE = {
    "programs": Damage(
        "bastion",
        f"rm $(readlink -f {REGISTRY})",
        frozenset({"file {registry}"}),
    ),
    "time": Damage(
        "bastion",
        "rm /etc/chrony/chrony.conf && systemctl disable --quiet --now chrony",
        frozenset({"file /etc/chrony/chrony.conf", "unit chrony.service"}),
        packages=("chrony",),
    ),
    "containerd": Damage(
        "worker1",
        "mkdir /etc/containerd/certs.d/gone.example && rm /etc/containerd/config.toml && "
        "echo >>/etc/containerd/certs.d/_default/hosts.toml",
        frozenset(
            {
                "file /etc/containerd/config.toml",
                "file /etc/containerd/certs.d/_default/hosts.toml",
                "names /etc/containerd/certs.d/*/",
            }
        ),
        packages=("containerd",),
    ),
    "node_maintenance": Damage(
        "cp1",
        "rm /opt/bedplate/node/renewal.py && chmod -x /usr/local/sbin/bedplate-node && "
        "systemctl disable --quiet --now bedplate-certificates.timer",
        frozenset(
            {
                "file /opt/bedplate/node/renewal.py",
                "file /usr/local/sbin/bedplate-node",
                "unit bedplate-certificates.timer",
            }
        ),
        before="mkdir -p /etc/bedplate",
    ),
    "kubelet": Damage(
        "worker1",
        "rm /usr/local/bin/kubeadm && echo podPidsLimit: 7 >/etc/bedplate/kubelet.conf.d/10-bedplate.conf",
        frozenset({"file /usr/local/bin/kubeadm", "file /etc/bedplate/kubelet.conf.d/10-bedplate.conf"}),
        before=f"mkdir -p {PROGRAMS} /etc/bedplate && cd {PROGRAMS} && touch kubeadm kubectl kubelet && chmod +x *",
    ),
    "mirror": Damage(
        "bastion",
        "rm /etc/bedplate/registry.yaml /etc/bedplate/mirror.crt && systemctl stop nginx",
        frozenset({"file /etc/bedplate/registry.yaml", "file /etc/bedplate/mirror.crt", "unit nginx.service"}),
        packages=("nginx-light",),
        roles=("base", "programs"),
    ),
}
ELSEWHERE = {
    "base": "test_live_hosts damages it, over SSH",
    "apt_source": "test_role_runs: its packages take minutes",
    "control_plane": "test_static_pods edits its manifests; tests/lab/day deletes kube-proxy",
    "worker": "it leaves no files",
    "kubelet_certificate": "it leaves no files",
    "restarted_services": "it leaves no files",
    "mirror_removed": "it leaves no files",
}


def test_every_role_is_damaged() -> None:
    """A new role must be added to one of the two lists."""
    names = {path.parent.parent.name for path in (paths.SOURCE / "roles").glob("*/tasks/main.yml")}
    assert names == DAMAGE.keys() | ELSEWHERE.keys()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoleSite]:
    """Return the environment of the containers."""
    with role_site(NAME, tmp_path_factory.mktemp("roles")) as made:
        yield made


@pytest.mark.parametrize("name", DAMAGE)
def test_a_role_restores_what_it_owns(site: RoleSite, name: str) -> None:
    """What was done differs from what the role left, and after one more run nothing does."""
    damage = DAMAGE[name]
    machine = RoleMachine(site, damage.host)
    try:
        machine.copy_mirror()
        machine.install(damage.packages) if damage.packages else None
        machine.shell(damage.before)
        machine.run_roles([*damage.roles, name])
        wanted = _state(machine, name)
        assert wrong_items(wanted, _digests(machine.spec, wanted)) == []
        items = {item.format(registry=_path(machine, REGISTRY)) for item in damage.items}
        machine.shell(damage.script)
        found = _state(machine, name)
        assert {item for item in wanted if found[item] != wanted[item]} == items
        assert machine.run_roles([name]).changed > 0
        assert _state(machine, name) == wanted
    finally:
        machine.remove()


def _state(machine: RoleMachine, name: str) -> dict[str, str]:
    """Return the state of what a role owns, as an apply reads it."""
    asked = step_questions.questions_of_role(RoleTree(paths.SOURCE / "roles").role(name, machine.spec.vars))
    source = Path(state_probe.__file__).read_text()
    state: dict[str, str] = json.loads(
        machine.shell('python3 -c "$1" "$2"', source, asked.model_dump_json()).stdout.decode()
    )
    return state


def _digests(spec: HostSpec, state: dict[str, str]) -> dict[str, str]:
    return {path: one for path, one in step_questions.digests_of_files(spec).items() if f"file {path}" in state}


def _path(machine: RoleMachine, path: str) -> str:
    return machine.shell('readlink -f "$1" || true', path).stdout.decode().strip()
