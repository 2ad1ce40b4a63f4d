"""A lab's machine: a podman container that runs systemd, like a freshly installed Debian host."""

from __future__ import annotations

import io
import json
import tarfile
import time
from pathlib import Path

from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core.command import run
from bedplate.core.errors import BedplateError
from bedplate.lab import container_state, kernel_settings, ssh_keys
from bedplate.lab.lab_address import Lab
from bedplate.lab.machine_image import INIT

FLAGS = (
    "--privileged",
    # podman's own systemd mode binds the developer's root of the systemd cgroups into every machine: all would share
    # it, and one that shuts down would remove it for the others. The next four flags do the rest of that mode.
    "--systemd=false",
    "--env=container=podman",
    "--stop-signal=SIGRTMIN+3",
    "--tmpfs=/run/lock",
    "--cgroupns=private",
    "--ulimit=nofile=20000:20000",
    "--ulimit=nproc=32768:32768",
    "--pids-limit=-1",
    "--dns=none",
    "--no-hosts",
    "--tmpfs=/tmp:exec",
    "--tmpfs=/run:exec",
    "--volume=/dev/kmsg:/dev/kmsg",
)
"""With runc and these flags, systemd, containerd and kubelet run in a container; each of them is necessary."""
DISK_MOUNTS = {"containerd": "/var/lib/containerd", "kubelet": "/var/lib/kubelet"}
MEDIA = "/media"
BOOT_SECONDS = 60
HOST_KEY = "etc/ssh/ssh_host_ed25519_key"


def ensure_machine(lab: Lab, site: Site, host: Host, image: str) -> bool:
    """Ensure that a machine exists and has booted; return whether it had to be started."""
    state = container_state.read_state(lab, host.name)
    if state == container_state.RUNNING:
        _await_boot(lab, host.name)  # it may still be booting, if the command that started it was killed
        return False
    if state in (container_state.ABSENT, container_state.CREATED):
        _create(lab, site, host, image)
    elif state == container_state.KILLED:
        container_state.record_exit(lab, host.name)
    with kernel_settings.keep_settings():
        run(_podman("start", lab.container(host.name)))
        if not _await_boot(lab, host.name):
            raise _boot_failed(lab, host.name)
    return True


def _podman(*words: str | Path) -> list[str | Path]:
    """Return a podman command with runc, the runtime that supports the hybrid of both cgroup versions."""
    return ["podman", "--runtime", "runc", *words]


def _create(lab: Lab, site: Site, host: Host, image: str) -> None:
    volumes = [f"--volume={_disk(lab, host, disk)}:{target}:exec,suid,dev" for disk, target in DISK_MOUNTS.items()]
    if host == site.bastion:
        media = lab.folder / "media"
        media.mkdir(parents=True, exist_ok=True)
        volumes.append(f"--volume={media}:{MEDIA}:ro")
    name = lab.container(host.name)
    run(_podman("rm", "--force", "--ignore", name))
    identity = [f"--name={name}", f"--hostname={host.name}", f"--label=bedplate.lab={lab.name}"]
    network = [f"--network={lab.bridge}", f"--ip={host.address}", f"--mac-address={_mac(host)}"]
    run(_podman("create", *identity, *network, *FLAGS, *volumes, image, INIT))
    run(_podman("cp", "-", f"{name}:/"), stdin=_personal_files(lab, site, host))


def _mac(host: Host) -> str:
    """Return a locally administered MAC address (IEEE 802) that never changes.

    With a new one, the other machines would use the old one for some seconds, longer than SSH waits.
    """
    return f"02:00:{host.address.packed.hex(':')}"


def _disk(lab: Lab, host: Host, disk: str) -> Path:
    path = lab.folder / "disks" / host.name / disk
    path.mkdir(parents=True, exist_ok=True)
    return path


def _personal_files(lab: Lab, site: Site, host: Host) -> bytes:
    """Return a tar of the files that differ between machines: host key, authorized keys, the bastion's own key."""
    key = ssh_keys.host_key(lab, host.name)
    allowed = [ssh_keys.user_key(lab, ssh_keys.DEVELOPER), ssh_keys.user_key(lab, ssh_keys.BASTION)]
    files = {
        HOST_KEY: (key.read_bytes(), 0o600),
        f"{HOST_KEY}.pub": (key.with_suffix(".pub").read_bytes(), 0o644),
        "root/.ssh/authorized_keys": ("".join(f"{ssh_keys.public_line(k)}\n" for k in allowed).encode(), 0o600),
    }
    if host == site.bastion:
        files["root/.ssh/id_ed25519"] = (ssh_keys.user_key(lab, ssh_keys.BASTION).read_bytes(), 0o600)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        folder = tarfile.TarInfo("root/.ssh")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o700
        tar.addfile(folder)
        for path, (content, mode) in files.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(content), mode
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _await_boot(lab: Lab, name: str) -> bool:
    """Wait until systemd has started everything; return whether it succeeded."""
    deadline = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < deadline:
        done = run(["podman", "exec", lab.container(name), "systemctl", "is-system-running"], check=False)
        state = done.stdout.decode().strip()
        if state in ("running", "degraded"):
            return state == "running"
        time.sleep(0.3)
    return False


def _boot_failed(lab: Lab, name: str) -> BedplateError:
    failed = run(
        ["podman", "exec", lab.container(name), "systemctl", "--failed", "--no-legend", "--plain"], check=False
    )
    text = " ".join(failed.stdout.decode().split()) or "systemd did not answer"
    return BedplateError(
        f"machine {name}", f"did not start: {text}", f"look at its log: podman logs {lab.container(name)}"
    )


def containers(lab: Lab) -> list[str]:
    """Return the names of the lab's containers, running or not."""
    done = run(["podman", "ps", "-a", "--format", "json", "--filter", f"label=bedplate.lab={lab.name}"], check=False)
    return [str(listed["Names"][0]) for listed in json.loads(done.stdout or b"[]") or []]


def remove_machines(lab: Lab) -> None:
    """Remove all containers of a lab, with their files."""
    names = containers(lab)
    if names:
        with kernel_settings.keep_settings():
            run(["podman", "rm", "--force", "--time", "0", "--volumes", *names])
