"""A site of three booted containers that runs of steps configure over SSH, with roles that a test chooses."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from bedplate.apply.configure_hosts import ConfigureHosts
from bedplate.apply.installation import Installation
from bedplate.apply.ledger import Ledger
from bedplate.apply.log_files import new_log_file
from bedplate.apply.run_hosts import RunHosts, choose_hosts
from bedplate.apply.run_steps import ApplySummary, run_phases
from bedplate.apply.step import Phase
from bedplate.apply.step_progress import Progress
from bedplate.artifacts.load_release import load_release
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core import paths
from bedplate.core.command import run
from bedplate.hosts import host_command, ssh
from bedplate.lab import ssh_keys
from bedplate.store.installed import InstalledRelease
from factories.render_site import RELEASE
from factories.role_machine import RoleMachine
from factories.role_site import RoleSite

NAMES = ("bastion", "cp1", "worker1")


class LiveHosts:
    """The containers, and the runs that configure them with one role.

    Attributes:
        machines: the containers, by host.
        log: the log of the last run.
        seconds: how long it took to contact the hosts in the last run.
    """

    def __init__(self, role_site: RoleSite, folder: Path, patch: pytest.MonkeyPatch) -> None:
        """Boot the containers, and let this computer log in to them as their bastion does."""
        self._folder, self._role_site, self._patch = folder, role_site, patch
        self._release = load_release(RELEASE)
        self.machines = {name: RoleMachine(role_site, name) for name in NAMES}
        self.log, self.seconds = folder / "log", 0.0
        key = ssh_keys.user_key(role_site.lab, ssh_keys.DEVELOPER)
        patch.setenv("ANSIBLE_PRIVATE_KEY_FILE", str(key))
        patch.setattr(
            ssh, "host", lambda site, host: ssh.SshTarget(f"root@{host.address}", site.known_hosts, identity=key)
        )
        patch.setattr(host_command, "is_own_address", lambda _: False)

    def use_roles(self, *roles: str, tasks: Sequence[object] = ()) -> None:
        """Let the step of the hosts run these roles on nodes, and some tasks after them."""
        tree = self._folder / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        (tree / "roles").mkdir(parents=True)
        for name in (*roles, "ansible.cfg"):
            (tree / "roles" / name).symlink_to(Path(__file__).parents[2] / "roles" / name)
        play = {"name": "Nodes", "hosts": "control_plane:workers", "gather_facts": False, "tags": ["hosts"]}
        after = [{**play, "tasks": [*tasks]}] if tasks else []
        (tree / "roles/site.yml").write_text(yaml.safe_dump([{**play, "roles": [*roles]}, *after]))
        self._patch.setattr(paths, "SOURCE", tree)

    def contact(self, ledger: Ledger) -> RunHosts:
        """Return the hosts of a new run after they were contacted."""
        hosts, began = choose_hosts(self._role_site.site, ledger.hosts), time.monotonic()
        hosts.contact()
        self.seconds = time.monotonic() - began
        return hosts

    def apply(self) -> ApplySummary:
        """Run the step as `bedplate apply` does."""
        held = ReleaseFile(release=RELEASE, installer="", artifacts=[], sets={})
        installed = Installation(self._role_site.site, self._release, InstalledRelease(self._folder, held, ()))
        installed.__dict__["specs"] = list(self._role_site.specs.values())
        ledger, self.log = Ledger(self._folder / "ledger.db"), new_log_file(self._folder / "logs")
        try:
            hosts = self.contact(ledger)
            steps = [Phase("Hosts", (ConfigureHosts(installed, hosts),))]
            with Progress(1, Console(file=io.StringIO())) as progress:
                return run_phases(steps, ledger, progress, self.log, release=RELEASE, hosts=hosts)
        finally:
            ledger.close()

    def freeze(self, name: str) -> None:
        """Stop a host's processes: it accepts connections and says nothing, as one whose disk is gone."""
        run(["podman", "pause", self._role_site.lab.container(name)])

    def thaw(self, name: str) -> None:
        """Let a frozen host go on."""
        run(["podman", "unpause", self._role_site.lab.container(name)], check=False)

    def remove(self) -> None:
        """Remove the containers."""
        for name, machine in self.machines.items():
            self.thaw(name)
            machine.remove()
