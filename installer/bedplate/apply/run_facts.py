"""What the ledger records of a run for an audit: the environment's and the installer's digests, user, revision."""

from __future__ import annotations

from dataclasses import dataclass

from bedplate.config.environments import ENVIRONMENT, HOSTS, Site
from bedplate.core import digest
from bedplate.remote.caller import read_caller
from bedplate.store.own_installer import installer_digest


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What an apply was run with.

    Attributes:
        environment: digest of environment.yaml, hosts.yaml and known_hosts, by their sha256 as canonical JSON.
        installer: digest of the installer, as in the signed release.json.
        user: user@computer where the command was typed, as that computer says.
        revision: git commit of the environment's folder there, with `-dirty` if files in it differ.
    """

    environment: str = ""
    installer: str = ""
    user: str = ""
    revision: str = ""


def read_run_facts(site: Site) -> RunFacts:
    """Return the facts of a run that begins now."""
    files = [site.folder / ENVIRONMENT, site.folder / HOSTS, site.known_hosts]
    environment = digest.of({path.name: digest.of_file(path) for path in files if path.is_file()})
    caller = read_caller(site.folder)
    return RunFacts(environment, installer_digest(), caller.user, caller.revision)
