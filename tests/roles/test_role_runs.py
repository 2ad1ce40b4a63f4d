"""Each role on a container of its own: it works, changes nothing when run again, and has nothing to do in a check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bedplate.config.host_spec import HostSpec
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from factories.role_machine import RoleMachine
from factories.role_site import RoleSite, role_site

pytestmark = pytest.mark.containers

NAME = "bedplate-roles"
NOWHERE = "198.18.255.99"
PROGRAMS = "/opt/bedplate/kubernetes/current/bin"
REPLICA_UNIT = "/etc/systemd/system/bedplate-registry.service"


@dataclass(frozen=True, slots=True)
class RoleRun:
    """How a role is run alone.

    Attributes:
        host: which of the lab's hosts the container is.
        packages: packages that are installed before, as the role apt_source would.
        roles: roles that run before.
        script: shell script that runs before.
        is_mirror_served: the mirror's content is served over TLS.
        units: systemd units that must be active afterwards.
    """

    host: str
    packages: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    script: str = ""
    is_mirror_served: bool = False
    units: tuple[str, ...] = ()


RUNS = {
    "base": RoleRun("worker1", units=("bedplate-audit.service", "bedplate-service-route.service")),
    "apt_source": RoleRun("bastion", roles=("base",), is_mirror_served=True),
    "time": RoleRun("bastion", packages=("chrony",), units=("chrony.service",)),
    "containerd": RoleRun("worker1", packages=("containerd",), units=("containerd.service",)),
    "programs": RoleRun("bastion"),
    "kubelet": RoleRun(
        "worker1",
        script=f"mkdir -p {PROGRAMS} /etc/bedplate && cd {PROGRAMS} && touch kubeadm kubectl kubelet && chmod +x *",
    ),
    "node_maintenance": RoleRun(
        "cp1", units=("bedplate-certificates.timer", "bedplate-kubelet-requests.timer"), script="mkdir -p /etc/bedplate"
    ),
    "restarted_services": RoleRun(
        "bastion",
        packages=("chrony",),
        script="systemctl start chrony && cp /usr/sbin/chronyd /root && mv /root/chronyd /usr/sbin/chronyd",
        units=("chrony.service", "ssh.service"),
    ),
    "mirror": RoleRun(
        "bastion",
        packages=("nginx-light",),
        roles=("base", "programs"),
        units=("bedplate-registry.service", "nginx.service"),
    ),
    "mirror_removed": RoleRun(
        "cp1",
        packages=("nginx-light",),
        script=f"printf '[Service]\nExecStart=/bin/sleep 1000\n' >{REPLICA_UNIT} && systemctl daemon-reload",
    ),
}
IN_THE_LAB_ONLY = {
    "control_plane": "kubeadm init starts etcd and the API server from the release's images",
    "worker": "kubeadm join needs a control plane",
    "kubelet_certificate": "a control plane approves the certificate",
}
"""Roles that cannot run alone; tests/lab covers them."""


def test_every_role_is_run_here_or_in_the_lab() -> None:
    """A new role must be added to one of the two lists."""
    names = {path.parent.parent.name for path in (paths.SOURCE / "roles").glob("*/tasks/main.yml")}
    assert names == RUNS.keys() | IN_THE_LAB_ONLY.keys()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoleSite]:
    """Return the environment of the containers."""
    with role_site(NAME, tmp_path_factory.mktemp("roles")) as made:
        yield made


@pytest.fixture
def machine(site: RoleSite, name: str) -> Iterator[RoleMachine]:
    """Return the container of a role, with everything that has to be there before the role runs."""
    wanted = RUNS[name]
    machine = RoleMachine(site, wanted.host)
    try:
        machine.copy_mirror()
        if wanted.packages:
            machine.install(wanted.packages)
        if wanted.script:
            machine.shell(wanted.script)
        if wanted.is_mirror_served:
            machine.serve_mirror()
        if wanted.roles:
            machine.run_roles(wanted.roles)
        yield machine
    finally:
        machine.remove()


PACKAGE = """
package() {
    mkdir -p "/root/$1/DEBIAN"
    printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: site\nDescription: from the site\n' "$1" "$2" \
        >"/root/$1/DEBIAN/control"
    dpkg-deb --build "/root/$1" "/root/$1.deb" >/dev/null
    dpkg --force-depends --install "/root/$1.deb" 2>/dev/null
}
"""
"""Installs an empty package in a version of the site."""
SITE = f"""
{PACKAGE}
package less 9999
package chrony 9999
apt-mark hold less
echo 'deb [trusted=yes] https://{NOWHERE}/debian bookworm main' >/etc/apt/sources.list.d/site.list
printf 'Acquire::%s::Proxy "http://{NOWHERE}:3128";\n' http https >/etc/apt/apt.conf.d/99proxy
printf '%s=http://{NOWHERE}:3128\n' http_proxy https_proxy HTTPS_PROXY >>/etc/environment
systemd-run --quiet python3 -c "$1"
"""
LOCK = """
import fcntl, time
locks = [open(f"/var/lib/{name}", "w") for name in ("dpkg/lock-frontend", "apt/lists/lock")]
for lock in locks:
    fcntl.lockf(lock, fcntl.LOCK_EX)
time.sleep(15)
locks.pop().close()
time.sleep(65)
"""
"""Holds apt's locks as apt-daily does: longer than Ansible waits by itself."""
VERSIONS = "dpkg-query --show --showformat '${Package}=${Version} ' less chrony sudo"


@pytest.mark.parametrize("name", ["apt_source"])
def test_what_the_site_owns_is_respected(machine: RoleMachine) -> None:
    """Locks are waited for, proxies passed by, newer and held packages kept, sources kept if wanted, pins enforced."""
    release = machine.spec.packages
    machine.shell(SITE, LOCK)
    machine.spec = _with(machine.spec, apt_source_keep_site=True)
    machine.run_roles(["apt_source"])
    found = dict(word.split("=") for word in machine.shell(VERSIONS).stdout.decode().split())
    assert found == {"less": "9999", "chrony": release["chrony"], "sudo": release["sudo"]}
    assert machine.shell("ls /etc/apt/sources.list.d").stdout.split() == [b"bedplate.sources", b"site.list"]
    assert machine.run_roles(["apt_source"]).changes == []

    machine.spec = _with(machine.spec, apt_source_keep_site=False)
    machine.run_roles(["apt_source"])
    assert b"site.list.disabled-by-bedplate" in machine.shell("ls /etc/apt/sources.list.d").stdout
    assert b"site.list\n" not in machine.shell("ls /etc/apt/sources.list.d").stdout

    machine.shell(f"{PACKAGE} package sudo 0.1; apt-mark hold sudo")
    with pytest.raises(BedplateError, match="on hold: less, sudo"):
        machine.run_roles(["apt_source"])


@pytest.mark.parametrize("name", ["containerd"])
def test_containerd_runs_without_the_proxy_of_the_image(machine: RoleMachine) -> None:
    """A drop-in of the site that sets a proxy is without effect: images come from the mirror."""
    folder = "/etc/systemd/system/containerd.service.d"
    proxy = f"[Service]\nEnvironment=HTTPS_PROXY=http://{NOWHERE}:3128\n"
    machine.shell('mkdir -p "$1" && printf %s "$2" >"$1/http-proxy.conf"', folder, proxy)
    machine.run_roles(["containerd"])
    machine.shell("systemctl daemon-reload && systemctl restart containerd")
    environment = machine.shell("tr '\\0' '\\n' </proc/$(systemctl show --property=MainPID --value containerd)/environ")
    assert b"PROXY" not in environment.stdout


@pytest.mark.parametrize("name", ["programs"])
def test_roles_see_no_proxy_of_the_host(machine: RoleMachine) -> None:
    """What a login to the host would set, such as a golden image's proxy, is not set for the roles' programs."""
    machine.shell(f"echo https_proxy=http://{NOWHERE}:3128 >>/etc/environment")
    task = {"ansible.builtin.command": "env", "register": "seen", "name": "Read"}
    shown = {"ansible.builtin.fail": {"msg": "{{ seen.stdout }}"}, "name": "Show"}
    with pytest.raises(BedplateError) as raised:
        machine.run_play({"tasks": [task, shown]})
    assert "\nhttps_proxy=\n" in raised.value.fact
    assert NOWHERE not in raised.value.fact


def _with(spec: HostSpec, **values: object) -> HostSpec:
    return spec.model_copy(update={"vars": {**spec.vars, **values}})


@pytest.mark.parametrize("name", RUNS)
def test_role(machine: RoleMachine, name: str) -> None:
    """The first run leaves what the HostSpec says; a second run and a check change nothing."""
    assert machine.run_roles([name]).changed > 0
    for file in machine.role(name).files():
        written = machine.content(file.path)
        assert file.content == written if file.part == "all" else file.content.strip() in written, file.path
    for unit in RUNS[name].units:
        assert machine.shell('systemctl is-active "$1"', unit, check=False).stdout == b"active\n"
    assert machine.run_roles([name]).changes == []
    assert machine.run_roles([name], check=True).changes == []
