"""An emulated machine with its own kernel on a lab's network: what a container cannot show of a host."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

from bedplate.core.command import run
from bedplate.core.errors import BedplateError
from bedplate.hosts import ssh
from bedplate.lab import lab_network, ssh_keys
from factories.role_host import RoleHost
from factories.role_site import RoleSite
from factories.virtual_disk import VirtualDisk

TAP = "bedplate-vm"
INTERFACE = "ens3"
MEMORY_MIB = 2048
BOOT_SECONDS, COMMAND_SECONDS, CONNECT_SECONDS = 900, 300, 60
INTERFACES = f"""\
auto lo
iface lo inet loopback
allow-hotplug {INTERFACE}
iface {INTERFACE} inet static
    address {{address}}/24
"""
"""As Debian's installer writes it: without a default route, network-online.target does not wait for it."""
TIMEOUTS = "systemd.default_timeout_start_sec=900 systemd.default_device_timeout_sec=900"
"""On a busy computer, an emulated machine needs longer than systemd waits by itself."""
KERNEL = f"root=/dev/vda1 rw console=ttyS0 quiet {TIMEOUTS}"
BOOT_ID = "/proc/sys/kernel/random/boot_id"


class VirtualMachine(RoleHost):
    """A host of a RoleSite as a virtual machine; another host of it must run as a container, so that there is a bridge.

    Emulation needs no /dev/kvm; a boot takes half a minute on an idle computer.
    """

    def __init__(self, role_site: RoleSite, host: str, disk: VirtualDisk, files: Mapping[str, str]) -> None:
        """Create the machine, and wait until it has booted.

        Args:
            role_site: its environment.
            host: which of its hosts it is.
            disk: what its own disk is copied from.
            files: further files on its disk: path to text.
        """
        super().__init__(role_site, host)
        self.folder = role_site.mirror.parent / f"{host}.machine"
        self.folder.mkdir()
        self._disk = disk
        site, machine = role_site.site, next(one for one in role_site.site.hosts if one.name == host)
        key = ssh_keys.user_key(role_site.lab, ssh_keys.DEVELOPER)
        self._target = ssh.SshTarget(f"root@{machine.address}", site.known_hosts, identity=key)
        further = {path: (text, 0o644) for path, text in files.items()}
        disk.copy(self.folder / "disk.img", {**self._own_files(), **further})
        self._plug_in()
        self._process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL)
        try:
            self._await_boot("")
        except BaseException:
            self.remove()
            raise

    def _own_files(self) -> dict[str, tuple[str, int]]:
        lab = self.role_site.lab
        host_key, user_key = ssh_keys.host_key(lab, self.spec.host), ssh_keys.user_key(lab, ssh_keys.DEVELOPER)
        return {
            "etc/hostname": (f"{self.spec.host}\n", 0o644),
            "etc/network/interfaces": (INTERFACES.format(address=self.spec.address), 0o644),
            "etc/ssh/ssh_host_ed25519_key": (host_key.read_text(), 0o600),
            "etc/ssh/ssh_host_ed25519_key.pub": (ssh_keys.public_line(host_key) + "\n", 0o644),
            "root/.ssh/authorized_keys": (ssh_keys.public_line(user_key) + "\n", 0o600),
        }

    def _plug_in(self) -> None:
        unplug()
        run(["ip", "tuntap", "add", "dev", TAP, "mode", "tap"])
        run(["ip", "link", "set", TAP, "master", lab_network.interface(self.role_site.lab), "up"])

    def _command(self) -> list[str]:
        mac = "02:00:" + bytes(int(part) for part in self.spec.address.split(".")).hex(":")
        folder = self._disk.folder
        return [
            # Without a parent that waits for it, nothing would end it.
            *("setpriv", "--pdeathsig", "KILL", "nice", "-n", "19", "qemu-system-x86_64"),
            *("-accel", "tcg,thread=multi", "-smp", "2", "-m", str(MEMORY_MIB), "-display", "none", "-monitor", "none"),
            *("-serial", f"file:{self.folder / 'console.log'}"),
            *("-kernel", str(folder / "vmlinuz"), "-initrd", str(folder / "initrd"), "-append", KERNEL),
            *("-drive", f"file={self.folder / 'disk.img'},format=raw,if=virtio,cache=unsafe"),
            *("-netdev", f"tap,id=lab,ifname={TAP},script=no,downscript=no"),
            *("-device", f"virtio-net-pci,netdev=lab,mac={mac},addr=3"),
        ]

    def shell(self, script: str, *words: str, check: bool = True) -> CompletedProcess[bytes]:
        """Run a shell script on the machine, as root."""
        patient = ["ssh", "-o", f"ConnectTimeout={CONNECT_SECONDS}", *ssh.options(self._target)]
        command = shlex.join(["sh", "-c", script, "sh", *words])
        done = run([*patient, self._target.destination, "--", command], check=check, timeout=COMMAND_SECONDS)
        if done.returncode == ssh.FAILED:
            raise BedplateError(f"virtual machine {self.spec.host}", "does not answer")
        return done

    def reboot(self) -> None:
        """Reboot, and wait until it has booted."""
        before = self.content(BOOT_ID)
        self.shell("systemctl reboot", check=False)
        ssh.close(self._target)
        self._await_boot(before)

    def _await_boot(self, former: str) -> None:
        """Wait until systemd has started everything, in another boot than the former one."""
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                state = self.shell("systemctl is-system-running", check=False).stdout.decode().strip()
                if state in ("running", "degraded") and self.content(BOOT_ID) != former:
                    return
            except BedplateError:
                ssh.close(self._target)
            time.sleep(2)
        raise BedplateError(f"virtual machine {self.spec.host}", f"did not boot:\n{self.console()[-2000:]}")

    def console(self) -> str:
        """Return what the machine has printed on its console."""
        file = self.folder / "console.log"
        return file.read_text(errors="replace") if file.exists() else "no output"

    def remove(self) -> None:
        """End the machine and remove its disk."""
        ssh.close(self._target)
        self._process.kill()
        self._process.wait()
        unplug()
        Path(self.folder / "disk.img").unlink(missing_ok=True)


def unplug() -> None:
    """Remove what connects a machine to the bridge, also that of a killed run; the bridge cannot go before."""
    run(["ip", "link", "delete", TAP], check=False)
