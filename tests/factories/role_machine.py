"""One container on which a test runs roles."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

from bedplate.core.command import run
from bedplate.lab import kernel_settings
from bedplate.lab.container import ensure_machine
from factories.role_host import RoleHost
from factories.role_site import RoleSite

MIRROR = "/var/lib/bedplate/mirror"
INSTALL = f"""
set -eu
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod +x /usr/sbin/policy-rc.d
echo 'deb [trusted=yes] file:{MIRROR}/apt bedplate main' >/root/sources.list
apt="apt-get -qq -o Dir::Etc::sourcelist=/root/sources.list -o Dir::Etc::sourceparts=-"
$apt update
DEBIAN_FRONTEND=noninteractive $apt install --no-install-recommends --yes "$@" >/dev/null
rm /usr/sbin/policy-rc.d /root/sources.list
"""
"""Installs packages without starting their services, as the role apt_source does."""

SERVE = f"""
import functools, http.server, ssl, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="{MIRROR}")
server = http.server.ThreadingHTTPServer(("", 443), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1] + "/mirror.crt", sys.argv[1] + "/mirror.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


class RoleMachine(RoleHost):
    """A host of the role tests' environment, as a booted container."""

    def __init__(self, role_site: RoleSite, host: str) -> None:
        """Create and boot the container."""
        super().__init__(role_site, host)
        self._name = role_site.lab.container(host)
        machine = next(one for one in role_site.site.hosts if one.name == host)
        ensure_machine(role_site.lab, role_site.site, machine, role_site.image)

    def remove(self) -> None:
        """Remove the container and its disks."""
        with kernel_settings.keep_settings():
            run(["podman", "rm", "--force", "--time", "0", "--volumes", self._name])
        shutil.rmtree(self.role_site.lab.folder / "disks" / self.spec.host, ignore_errors=True)

    def shell(self, script: str, *words: str, check: bool = True) -> CompletedProcess[bytes]:
        """Run a shell script in the container."""
        return run(["podman", "exec", self._name, "sh", "-c", script, "sh", *words], check=check)

    def copy(self, source: Path | str, target: str) -> None:
        """Copy a file, or the content of a folder, into the container."""
        self.shell('mkdir -p "$1"', str(Path(target).parent))
        run(["podman", "cp", source, f"{self._name}:{target}"])

    def copy_mirror(self) -> None:
        """Give the host what a bastion has after its installation: the mirror's content and its keys."""
        self.copy(self.role_site.mirror, MIRROR)
        self.copy(self.role_site.keys, str(self.role_site.site.state / "pki"))

    def install(self, packages: Sequence[str]) -> None:
        """Install packages from the copied mirror."""
        self.shell(INSTALL, *packages)

    def serve_mirror(self) -> None:
        """Serve the copied mirror over TLS, with the mirror's certificate."""
        self.shell('systemd-run --quiet python3 -c "$1" "$2"', SERVE, str(self.role_site.site.state / "pki"))
