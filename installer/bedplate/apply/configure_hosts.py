"""Step "Configure hosts": packages, files, kernel settings and services of every host."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

from bedplate.apply.play_step import PROBE_SECONDS, PlayStep
from bedplate.config.host_spec import HostSpec
from bedplate.hosts import ssh


@dataclass(frozen=True, slots=True)
class ConfigureHosts(PlayStep):
    """Every host's services are active."""

    id: ClassVar = "hosts"
    title: ClassVar = "Configure hosts"
    groups: ClassVar = ("bastion", "control_plane", "workers")

    def probe(self) -> bool:
        """Return whether every host's services are active."""
        hosts = {host.name: host for host in self.installation.site.hosts}

        def is_active(spec: HostSpec) -> bool:
            words = ["systemctl", "is-active", "--quiet", "--", *spec.services]
            target = ssh.host(self.installation.site, hosts[spec.host])
            return not spec.services or ssh.run(target, words, timeout=PROBE_SECONDS, check=False).returncode == 0

        specs = self.specs()
        with ThreadPoolExecutor(len(specs) or 1) as pool:
            return all(pool.map(is_active, specs))
