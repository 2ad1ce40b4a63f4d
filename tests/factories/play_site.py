"""A site whose step of hosts runs as in an apply; the hosts are this computer, and their state is one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from bedplate.apply.installation import Installation
from bedplate.apply.ledger import Ledger
from bedplate.apply.play_step import PlayStep
from bedplate.apply.run_hosts import RunHosts, choose_hosts
from bedplate.apply.step import Journal
from bedplate.config import environments
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.host_spec import HostSpec
from bedplate.config.hosts import Host
from bedplate.config.release import Release, ToolchainVersions
from bedplate.core.errors import BedplateError
from bedplate.hosts import host_command
from bedplate.hosts.state import state_probe
from bedplate.hosts.state.host_questions import HostQuestions
from bedplate.hosts.state.read_state import read_state
from bedplate.store.installed import InstalledRelease
from factories.local_hosts import GROUPS, local_site


@dataclass(frozen=True, slots=True)
class NodesStep(PlayStep):
    """A step of the nodes, with the plays of the tag hosts."""

    id: ClassVar = "hosts"
    title: ClassVar = "Configure nodes"
    groups: ClassVar = ("control_plane", "workers")
    is_up: ClassVar[bool] = True

    def probe(self) -> bool:
        """Return what the test says."""
        if type(self).is_up:
            return True
        raise BedplateError("API server", "does not answer")


class PlaySite:
    """One site over several runs of its steps.

    Attributes:
        installation: environment and release; its HostSpecs can be changed between runs.
        file: the file that a host's state consists of here.
    """

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        """Take a folder for the site's files, and its ledger."""
        release = Release(version="1", toolchain=ToolchainVersions(go="go", node="node"), epoch=0, components={})
        held = ReleaseFile(release="1", installer="", artifacts=[], sets={})
        site = local_site(folder)
        self.installation = Installation(site, Catalog(release, folder, {}, {}), InstalledRelease(folder, held, ()))
        self.file = folder / "file"
        self.file.write_text("as the roles write it")
        self._ledger, self._journal = ledger, Journal(folder / "log", lambda _: None)
        self.specify(**dict.fromkeys(GROUPS, "one"))

    def specify(self, **digests: str) -> None:
        """Set the digests of the HostSpecs, by host."""
        known = {spec.host: spec.digest for spec in self.installation.__dict__.get("specs", [])}
        self.installation.__dict__["specs"] = [_spec(name, digest) for name, digest in {**known, **digests}.items()]

    def hosts(self, **settings: Any) -> RunHosts:
        """Return the hosts of a new run, which have been contacted."""
        hosts = choose_hosts(self.installation.site, self._ledger.hosts, **settings)
        hosts.contact()
        return hosts

    def install(self, *names: str) -> None:
        """Let workers be installed before."""
        self.hosts().complete("workers", dict.fromkeys(names, "one"), {})

    def apply(self, **settings: Any) -> RunHosts:
        """Run the step as a run of apply does, and return the run's hosts."""
        hosts = self.hosts(**settings)
        step = NodesStep(self.installation, hosts)
        if hosts.every or not step.is_done():
            step.run(self._journal)
        return hosts


def _spec(host: str, digest: str) -> HostSpec:
    return HostSpec(
        host=host, address="", groups=(GROUPS[host],), packages={}, binaries={}, services=(), vars={}, digest=digest
    )


def read_here(site: environments.Site, host: Host, questions: HostQuestions) -> dict[str, str]:
    """Answer without starting Python once more for each host; see test_run_hosts for the whole way."""
    if host_command.is_own_address(host.address):
        return state_probe.answers(questions.model_dump())
    return read_state(site, host, questions)
