"""A host on which a test runs roles, through the code that `apply` uses: a container, or a virtual machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from subprocess import CompletedProcess
from typing import Any

import pytest

from bedplate.config.host_spec import HostSpec
from bedplate.core import paths
from bedplate.hosts import ansible
from bedplate.hosts.play_result import PlayResult
from bedplate.lab import ssh_keys
from bedplate.render.role_files import Role
from bedplate.render.role_tree import RoleTree
from factories.role_site import RoleSite

CONNECT_SECONDS = 60
"""More than Ansible's own limit: an emulated machine, or a busy computer, is slow."""


class RoleHost(ABC):
    """One of the hosts of a RoleSite.

    Attributes:
        role_site: its environment.
        spec: its HostSpec.
    """

    def __init__(self, role_site: RoleSite, host: str) -> None:
        """Take the host's HostSpec."""
        self.role_site = role_site
        self.spec: HostSpec = role_site.specs[host]
        self._log = role_site.mirror.parent / f"{host}.log"

    @abstractmethod
    def shell(self, script: str, *words: str, check: bool = True) -> CompletedProcess[bytes]:
        """Run a shell script on the host, as root."""

    def run_roles(self, roles: Sequence[str], *, check: bool = False) -> PlayResult:
        """Run roles on the host with its HostSpec's variables."""
        return self.run_play({"roles": [*roles]}, check=check)

    def run_play(self, part: dict[str, Any], *, check: bool = False) -> PlayResult:
        """Run a play on the host."""
        play = {"name": "Test", "hosts": "all", "gather_facts": False, **part}
        key = ssh_keys.user_key(self.role_site.lab, ssh_keys.DEVELOPER)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ANSIBLE_PRIVATE_KEY_FILE", str(key))
            patch.setenv("ANSIBLE_TIMEOUT", str(CONNECT_SECONDS))
            result = ansible.run_plays(self.role_site.site, [play], [self.spec], self._log, check=check)
            ansible.refuse_failures(result.failures, [play], self._log)
            return result

    def role(self, name: str) -> Role:
        """Return a role with the values that it has on this host."""
        return RoleTree(paths.SOURCE / "roles").role(name, self.spec.vars)

    def content(self, path: str) -> str:
        """Return the text of a file on the host."""
        return self.shell('cat "$1"', path).stdout.decode()
