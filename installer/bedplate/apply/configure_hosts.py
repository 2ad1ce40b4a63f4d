"""Steps on hosts: one tag of roles/site.yml each."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from bedplate.apply.installation import Installation, installer_digest
from bedplate.apply.site_status import read_nodes
from bedplate.apply.step import Journal, Outcome
from bedplate.cluster import kubectl
from bedplate.config.host_spec import HostSpec
from bedplate.config.hosts import Host
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.hosts import ansible, ssh

PROBE_SECONDS = 5.0
Probe = Callable[[Installation, list[HostSpec]], bool]


@dataclass(frozen=True, slots=True)
class Play:
    """The hosts of a play are in the state that their HostSpecs say.

    Attributes:
        installation: site and release.
        tag: the play's tag in roles/site.yml, and the step's id.
        title: what it brings about.
        groups: groups of hosts that it touches.
        probe: tells whether its result is there.
    """

    installation: Installation
    tag: str
    title: str
    groups: tuple[str, ...]
    probe: Probe

    @property
    def id(self) -> str:
        """Return its name in the ledger."""
        return self.tag

    @property
    def where(self) -> str:
        """Return the hosts that it touches."""
        return ", ".join(host.name for host in self._hosts())

    def key(self) -> str:
        """Return the digest of its hosts' specs and of the roles."""
        return digest.of([[spec.digest for spec in self._specs()], installer_digest()])

    def check_(self) -> bool:
        """Return what its probe says; a host that does not answer is not done."""
        try:
            return self.probe(self.installation, self._specs())
        except (BedplateError, httpx.HTTPError, OSError):
            return False

    def ensure_(self, journal: Journal) -> Outcome:
        """Run the play's roles on its hosts."""
        result = ansible.play(self.installation.site, self.tag, self.installation.specs, journal.path, say=journal.say)
        return Outcome(result.changed, f"{result.changed} tasks changed" * bool(result.changed))

    def _hosts(self) -> list[Host]:
        return [host for host in self.installation.site.hosts if set(host.groups) & set(self.groups)]

    def _specs(self) -> list[HostSpec]:
        names = {host.name for host in self._hosts()}
        return [spec for spec in self.installation.specs if spec.host in names]


def mirror_answers(installation: Installation, _: list[HostSpec]) -> bool:
    """Return whether the mirror serves images and packages under its own name and certificate."""
    site = installation.site
    name = f"mirror.{site.environment.domain}"
    context = ssl.create_default_context(cafile=str(site.state / "pki" / "ca.crt"))
    with httpx.Client(verify=context, timeout=PROBE_SECONDS, trust_env=False) as client:
        answers = [
            client.get(
                f"https://{site.bastion.address}{path}", headers={"Host": name}, extensions={"sni_hostname": name}
            )
            for path in ("/v2/", "/apt/dists/bedplate/InRelease")
        ]
    return all(answer.status_code == httpx.codes.OK for answer in answers)


def services_run(installation: Installation, specs: list[HostSpec]) -> bool:
    """Return whether every host's services are active."""
    hosts = {host.name: host for host in installation.site.hosts}

    def active(spec: HostSpec) -> bool:
        words = ["systemctl", "is-active", "--quiet", "--", *spec.services]
        target = ssh.host(installation.site, hosts[spec.host])
        return not spec.services or ssh.run(target, words, timeout=PROBE_SECONDS, check=False).returncode == 0

    with ThreadPoolExecutor(len(specs) or 1) as pool:
        return all(pool.map(active, specs))


def control_plane_answers(installation: Installation, _: list[HostSpec]) -> bool:
    """Return whether the API server says that it is ready."""
    return kubectl.raw(installation.site, "/readyz") == b"ok"


def nodes_are_there(installation: Installation, specs: list[HostSpec]) -> bool:
    """Return whether every host of the play is a node that is Ready."""
    ready = {name for name, state in read_nodes(installation.site).items() if state == "Ready"}
    return {spec.host for spec in specs} <= ready
