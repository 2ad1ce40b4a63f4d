"""One container on which a test runs roles, through the code that `apply` uses."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from bedplate.config.host_spec import HostSpec
from bedplate.core import paths
from bedplate.core.command import run
from bedplate.hosts import ansible
from bedplate.hosts.play_result import PlayResult
from bedplate.lab import kernel_settings, ssh_keys
from bedplate.lab.container import ensure_machine
from bedplate.render.role_files import Role
from bedplate.render.role_tree import RoleTree
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


class RoleMachine:
    """A host of the role tests' environment, as a booted container."""

    def __init__(self, role_site: RoleSite, host: str) -> None:
        """Create and boot the container."""
        self.role_site = role_site
        self.spec: HostSpec = role_site.specs[host]
        self._name = role_site.lab.container(host)
        self._log = role_site.mirror.parent / f"{host}.log"
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

    def run_roles(self, roles: Sequence[str], *, check: bool = False) -> PlayResult:
        """Run roles on the host with its HostSpec's variables."""
        play = {"name": "Test", "hosts": "all", "gather_facts": False, "roles": [*roles]}
        key = ssh_keys.user_key(self.role_site.lab, ssh_keys.DEVELOPER)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ANSIBLE_PRIVATE_KEY_FILE", str(key))
            return ansible.run_plays(self.role_site.site, [play], [self.spec], self._log, check=check)

    def role(self, name: str) -> Role:
        """Return a role with the values that it has on this host."""
        return RoleTree(paths.SOURCE / "roles").role(name, self.spec.vars)

    def content(self, path: str) -> str:
        """Return the text of a file in the container."""
        return self.shell('cat "$1"', path).stdout.decode()
