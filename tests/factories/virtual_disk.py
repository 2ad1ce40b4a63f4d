"""The disk of a virtual machine: Debian as its installer leaves it, with its own kernel and a swap partition."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bedplate.core import digest, paths
from bedplate.core.command import run

SUITE = "bookworm"
PACKAGES = (
    *("linux-image-amd64", "systemd-sysv", "udev", "dbus", "kmod", "apt", "openssh-server", "python3", "sudo", "less"),
    *("iproute2", "iputils-ping", "ifupdown", "nftables", "procps", "ca-certificates"),
)
MIB = 1 << 20
START, ROOT_MIB, SWAP_MIB = 1, 5120, 256
LAYOUT = f"""\
label: gpt
start={START}MiB, size={ROOT_MIB}MiB, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4
size={SWAP_MIB}MiB, type=0657FD6D-A4AB-43C4-84E5-0933C84B4F4F
"""
"""Types of Linux data and swap (https://uapi-group.org/specifications/specs/discoverable_partitions_specification)."""
FSTAB = "/dev/vda1 / ext4 errors=remount-ro 0 1\n/dev/vda2 none swap sw 0 0\n"
"""As Debian's guided partitioning writes it."""
BARE = {"etc/fstab": FSTAB, "etc/resolv.conf": "", "etc/hosts": "127.0.0.1 localhost\n"}
FOLDERS = ("root/.ssh",)


@dataclass(frozen=True, slots=True)
class VirtualDisk:
    """A folder with a disk and the kernel that boots it.

    Attributes:
        folder: contains disk.img, vmlinuz and initrd.
    """

    folder: Path

    @property
    def image(self) -> Path:
        """Return the disk."""
        return self.folder / "disk.img"

    def copy(self, target: Path, files: Mapping[str, tuple[str, int]]) -> Path:
        """Copy the disk, with some more files, and return the copy.

        Args:
            target: path of the copy.
            files: path on the disk to text and mode.
        """
        run(["cp", "--sparse=always", self.image, target])
        with tempfile.TemporaryDirectory() as name:
            lines = []
            for number, (path, (text, mode)) in enumerate(files.items()):
                source = Path(name) / str(number)
                source.write_text(text)
                lines += [f"rm /{path}", f"write {source} /{path}", f"set_inode_field /{path} mode 0100{mode:o}"]
            run(["debugfs", "-w", "-f", "-", f"{target}?offset={START * MIB}"], stdin="\n".join(lines).encode())
        return target


def ensure_disk() -> VirtualDisk:
    """Make the disk if the cache does not have it; its packages are those of this machine's package sources."""
    key = digest.of([SUITE, PACKAGES, LAYOUT, BARE, FOLDERS])[:16]
    folder = paths.cache() / "virtual-disks" / key
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            _make(Path(name) / "disk", Path(name) / "root")
            (Path(name) / "disk").rename(folder)
    return VirtualDisk(folder)


def _make(out: Path, root: Path) -> None:
    out.mkdir()
    # mmdebstrap mounts /proc and /sys while it runs, so a folder that is removed with the test must not be its root.
    tar, options = root.with_suffix(".tar"), ["--quiet", "--variant=minbase", "--dpkgopt=force-unsafe-io"]
    run(["mmdebstrap", *options, f"--include={','.join(PACKAGES)}", SUITE, tar])
    root.mkdir()
    run(["tar", "--extract", "--file", tar, "--directory", root])
    tar.unlink()
    for path, text in BARE.items():
        (root / path).unlink(missing_ok=True)
        (root / path).write_text(text)
    for folder in FOLDERS:
        (root / folder).mkdir(mode=0o700, exist_ok=True)
    for kind, name in (("vmlinuz", "vmlinuz"), ("initrd.img", "initrd")):
        (kernel,) = (root / "boot").glob(f"{kind}-*")
        shutil.copy(kernel, out / name)
    _partition(out / "disk.img", root)


def _partition(image: Path, root: Path) -> None:
    with image.open("wb") as file:
        file.truncate((START + ROOT_MIB + SWAP_MIB + 1) * MIB)
    run(["sfdisk", "--quiet", image], stdin=LAYOUT.encode())
    swap = image.with_name("swap.img")
    with swap.open("wb") as file:
        file.truncate(SWAP_MIB * MIB)
    run(["mkswap", swap])
    place = f"seek={START + ROOT_MIB}"
    run(["dd", f"if={swap}", f"of={image}", "bs=1M", place, "conv=notrunc,sparse"])
    swap.unlink()
    run(["mke2fs", "-q", "-t", "ext4", "-E", f"offset={START * MIB}", "-d", root, image, f"{ROOT_MIB}M"])
