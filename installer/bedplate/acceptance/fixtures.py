"""The fixtures of acceptance tests.

| fixture | what it is |
|---|---|
| `site` | the environment and its hosts |
| `catalog` | the release with its components |
| `release_file` | release.json of the bundle |
| `installation` | all three, and what they render to |
| `cluster` | objects, metrics pages and pods (bedplate.acceptance.cluster_client) |
| `hosts` | every host by name, queried over SSH by testinfra |
| `prometheus`, `alertmanager` | functions that return the JSON of a path of their API |
| `hub_pod` | JupyterHub's pod, which can run Python in the cluster |
| `hub_user` | the account of the acceptance run, logged in to JupyterHub with its form |
| `notebook` | that user's server, shared by all tests and stopped at the end |
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import testinfra

from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.acceptance.hub_client import HubUser, Notebook
from bedplate.apply.installation import Installation
from bedplate.config import addresses, users
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.hosts import ssh
from bedplate.pki.secret_files import ACCOUNTS

GetJson = Callable[[str], Any]
NEEDED_LAST = "notebook"
"""Name of the fixture that takes longest to be ready."""


@dataclass(frozen=True)
class Fixtures:
    """A pytest plugin with the fixtures of an acceptance run.

    Attributes:
        subject: the environment and release that are tested.
    """

    subject: Installation

    @pytest.fixture(scope="session")
    def installation(self) -> Installation:
        """Return the environment, its release, and what they render to."""
        return self.subject

    @pytest.fixture(scope="session")
    def site(self) -> Site:
        """Return the environment and its hosts."""
        return self.subject.site

    @pytest.fixture(scope="session")
    def catalog(self) -> Catalog:
        """Return the release with its components."""
        return self.subject.catalog

    @pytest.fixture(scope="session")
    def release_file(self) -> ReleaseFile:
        """Return release.json of the bundle."""
        return self.subject.release_file

    @pytest.fixture(scope="session")
    def cluster(self, site: Site) -> ClusterClient:
        """Return a client of the cluster."""
        return ClusterClient(site)

    @pytest.fixture(scope="session")
    def hosts(self, site: Site) -> dict[str, Any]:
        """Return every host by name, the bastion included."""
        return {host.name: connect(site, host.name) for host in site.hosts}

    @pytest.fixture(scope="session")
    def prometheus(self, cluster: ClusterClient) -> GetJson:
        """Return a function that returns the JSON of a path of Prometheus' API."""
        return lambda path: cluster.service("monitoring", "prometheus", "web", path)

    @pytest.fixture(scope="session")
    def alertmanager(self, cluster: ClusterClient) -> GetJson:
        """Return a function that returns the JSON of a path of Alertmanager's API."""
        return lambda path: cluster.service("monitoring", "alertmanager", "web", path)

    @pytest.fixture
    def hub_pod(self, cluster: ClusterClient) -> dict[str, Any]:
        """Return JupyterHub's pod, which can run Python."""
        [pod] = cluster.items("pods", "notebooks", "bedplate.dev/component=jupyterhub")
        return pod

    @pytest.fixture(scope="session")
    def hub_address(self, site: Site) -> str:
        """Return the URL of JupyterHub."""
        return f"https://{addresses.site_names(site.environment.domain).notebooks}:{site.environment.notebooks.port}"

    @pytest.fixture(scope="session")
    def authority(self, site: Site) -> Path:
        """Return the file with the environment's CA certificate."""
        return site.state / "pki" / "ca.crt"

    @pytest.fixture(scope="session")
    def hub_password(self, site: Site) -> str:
        """Return the password of the acceptance run's account."""
        return users.account_password(site.state / "secrets" / ACCOUNTS, users.ACCEPTANCE)

    @pytest.fixture
    def hub_user(self, hub_address: str, authority: Path, hub_password: str) -> Iterator[HubUser]:
        """Yield the acceptance run's user, logged in with the form."""
        user = HubUser(hub_address, authority, users.ACCEPTANCE)
        assert user.login(hub_password), f"{hub_address} does not let {user.name} in"  # noqa: S101  a fixture's finding
        yield user
        user.close()

    @pytest.fixture(scope="session")
    def notebook(self, site: Site, hub_address: str, authority: Path, hub_password: str) -> Iterator[Notebook]:
        """Yield the user's server: largest size, smallest volume, in the first tenant's first namespace."""
        if not site.environment.tenants:
            pytest.skip("environment.yaml has no tenants, so no user may start a server")
        shared = self._notebook(hub_address, authority, hub_password)
        yield shared
        shared.ensure_stopped()
        shared.user.close()

    def _notebook(self, address: str, authority: Path, password: str) -> Notebook:
        user = HubUser(address, authority, users.ACCEPTANCE)
        assert user.login(password), f"{address} does not let {user.name} in"  # noqa: S101  a fixture's finding
        user.take_token()
        environment = self.subject.site.environment
        choices, namespace = environment.notebooks, environment.tenants[0].namespaces[0].name
        options = {"namespace": namespace, "size": choices.sizes[-1].name, "volume": choices.volumes[0]}
        return Notebook(user, options)

    @pytest.fixture(scope="session", autouse=True)
    def _start_early(self, request: pytest.FixtureRequest) -> None:
        """Request the user's server before the first test: it starts meanwhile, and is needed last."""
        if not any(NEEDED_LAST in getattr(item, "fixturenames", ()) for item in request.session.items):
            return
        # A fault of the hub is reported by the tests that need it, not by all.
        with contextlib.suppress(httpx.HTTPError, BedplateError, AssertionError, IndexError, OSError):
            words = [request.getfixturevalue(name) for name in ("hub_address", "authority", "hub_password")]
            self._notebook(*words).request_start()

    @pytest.hookimpl(tryfirst=True)  # before the recorder puts the tests marked `last` at the end
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put tests that need a user's server last; otherwise keep the order."""
        items.sort(key=lambda item: NEEDED_LAST in getattr(item, "fixturenames", ()))


def connect(site: Site, name: str) -> Any:
    """Return a host of testinfra: over SSH with pinned keys, or local for the bastion."""
    machine = next(host for host in site.hosts if host.name == name)
    if machine.name == site.environment.bastion.host:
        return testinfra.get_host("local://")
    target = ssh.host(site, machine)
    return testinfra.get_host(
        f"ssh://{machine.user}@{machine.address}:{machine.port}",
        ssh_extra_args=" ".join(ssh.options(target)),
        controlpersist=0,
    )
