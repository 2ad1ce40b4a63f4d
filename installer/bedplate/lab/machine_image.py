"""The image of a lab's machines: a bare Debian root, without the units that would change the shared kernel."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from bedplate.core import digest
from bedplate.core.command import run

NAME = "localhost/bedplate-machine"
MASKED = (
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "console-getty.service",
    "dev-hugepages.mount",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty.target",
    "proc-sys-fs-binfmt_misc.automount",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-binfmt.service",
    "systemd-logind.service",
    "systemd-modules-load.service",
    "systemd-networkd-wait-online.service",
    "systemd-random-seed.service",
    "systemd-remount-fs.service",
    "systemd-sysctl.service",
    "systemd-timesyncd.service",
    "systemd-udev-trigger.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "systemd-udevd.service",
)
"""Units that change the developer's kernel, clock or devices, or wait for hardware."""
PRIVATE_SETTINGS = {
    "kernel/keys/root_maxbytes": "25000000",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
}
"""Kernel-wide settings that the kubelet requires: each machine gets its own file instead of the kernel's."""
PREPARE = """\
#!/bin/sh
# What a real host's boot does, done for a container: shared mounts, this machine's own network settings,
# and own copies of the settings that the whole kernel has only once.
set -eu
mount --make-rshared /
for name in net/ipv4/ip_forward net/bridge/bridge-nf-call-iptables net/bridge/bridge-nf-call-ip6tables; do
    echo 1 >"/proc/sys/$name" || true
done
for setting in {settings}; do
    name=${{setting%=*}}
    copy=/run/bedplate-lab/$name
    mkdir -p "${{copy%/*}}"
    echo "${{setting#*=}}" >"$copy"
    mount --bind "$copy" "/proc/sys/$name"
done
"""
INIT = "/sbin/init"
UNIT = """\
[Unit]
Description=Own kernel settings for a machine of the lab
DefaultDependencies=no
Before=sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/bedplate-lab/prepare

[Install]
WantedBy=sysinit.target
"""
SSHD = "PasswordAuthentication no\nPermitRootLogin prohibit-password\nUseDNS no\n"
REMOVED = ("etc/ssh/ssh_host_", "var/cache/apt/archives/", "dev/")
"""Machines must not share host keys, and podman creates /dev."""


def ensure_image(key: str, make_root: Callable[[Path], None]) -> str:
    """Ensure the machine image, and return its name.

    Args:
        key: digest of the root's packages.
        make_root: writes the root as an uncompressed tar file; called only if the image is missing.
    """
    name = f"{NAME}:{digest.of([key, _files(), MASKED])[:16]}"
    if run(["podman", "image", "exists", name], check=False).returncode == 0:
        return name
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        root, image = Path(folder) / "root.tar", Path(folder) / "image.tar"
        make_root(root)
        write_image(root, image)
        root.unlink()
        run(["podman", "import", "--change", f'CMD ["{INIT}"]', image, name])
    return name


def write_image(root: Path, image: Path) -> None:
    """Write the image's tar: the root without the files that machines must not share, and the lab's own files."""
    with tarfile.open(root) as source, tarfile.open(image, "w", format=tarfile.PAX_FORMAT) as target:
        for member in source:
            path = member.name.removeprefix("./")
            if path.startswith(REMOVED) or path in _files():
                continue
            target.addfile(member, source.extractfile(member) if member.isreg() else None)
        for path, (content, mode) in _files().items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(content), mode
            target.addfile(info, io.BytesIO(content.encode()))
        for unit in MASKED:
            target.addfile(_link(f"etc/systemd/system/{unit}", "/dev/null"))
        target.addfile(_link("etc/systemd/system/sysinit.target.wants/bedplate-lab.service", "../bedplate-lab.service"))


def _files() -> dict[str, tuple[str, int]]:
    return {
        "etc/systemd/system/bedplate-lab.service": (UNIT, 0o644),
        "usr/local/lib/bedplate-lab/prepare": (
            PREPARE.format(settings=" ".join(f"{name}={value}" for name, value in PRIVATE_SETTINGS.items())),
            0o755,
        ),
        "etc/ssh/sshd_config.d/bedplate-lab.conf": (SSHD, 0o644),
        "etc/machine-id": ("", 0o444),
        "etc/resolv.conf": ("", 0o644),
        "etc/hosts": ("127.0.0.1 localhost\n::1 localhost ip6-localhost\n", 0o644),
    }


def _link(path: str, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
    return info


def remove_images() -> None:
    """Remove the machine images that no container uses."""
    done = run(
        ["podman", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={NAME}"], check=False
    )
    for name in done.stdout.decode().split():
        run(["podman", "image", "rm", name], check=False)
