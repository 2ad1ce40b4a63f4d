"""The fixtures of acceptance tests.

| fixture | what it is |
|---|---|
| `site` | the environment and its hosts |
| `catalog` | the release with its components |
| `release_file` | release.json of the bundle |
| `installation` | all three, and what they render to |
| `cluster` | objects, metrics pages and logs (bedplate.acceptance.cluster_client) |
| `own` | what the run creates, in namespaces of its own (bedplate.acceptance.own_objects) |
| `probe`, `neighbour`, `stranger` | own pods: in the acceptance tenant's two namespaces, and in none of a tenant |
| `selection` | the hosts that answer, and those that are left out (bedplate.acceptance.host_selection) |
| `hosts` | the tested hosts by name, queried as root over SSH by testinfra |
| `platform` | the platform's own namespaces, workloads and pods (bedplate.acceptance.platform_view) |
| `prometheus`, `alertmanager` | functions that return the JSON of a path of their API |
| `hub_user` | the account of the acceptance run, logged in to JupyterHub with its form |
| `notebook` | that user's server, shared by all tests and removed at the end |

Tests create objects only with `own`, and assert with short messages of their own: reports quote nothing else.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import testinfra

from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.acceptance.failure_text import Redactor
from bedplate.acceptance.host_selection import HostSelection
from bedplate.acceptance.hub_client import HubUser
from bedplate.acceptance.notebook import Notebook
from bedplate.acceptance.own_objects import OwnObjects
from bedplate.acceptance.own_pod import OwnPod
from bedplate.acceptance.platform_view import PlatformView
from bedplate.acceptance.room import no_room
from bedplate.apply.installation import Installation
from bedplate.config import acceptance_tenant, addresses, users
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core.errors import BedplateError
from bedplate.hosts import ssh
from bedplate.pki.secret_files import ACCOUNTS

GetJson = Callable[[str], Any]
FAULTS = (httpx.HTTPError, BedplateError, AssertionError, IndexError, OSError)
"""What a hub or an API server that does not work makes the fixtures raise."""
NEEDED_LAST = "notebook"
"""Name of the fixture that takes longest to be ready."""


@dataclass(frozen=True)
class Fixtures:
    """A pytest plugin with the fixtures of an acceptance run.

    Attributes:
        subject: the environment and release that are tested.
        run: the run's id.
        chosen: the hosts that are tested.
        redactor: learns the tokens of the run.
    """

    subject: Installation
    run: str
    chosen: HostSelection
    redactor: Redactor

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
    def own(self, cluster: ClusterClient) -> OwnObjects:
        """Return what creates and removes the run's objects."""
        return OwnObjects(cluster, self.run)

    @pytest.fixture(scope="session")
    def selection(self) -> HostSelection:
        """Return the hosts that are tested, and why others are not."""
        return self.chosen

    @pytest.fixture(scope="session")
    def hosts(self, site: Site) -> dict[str, Any]:
        """Return every tested host by name, the bastion included."""
        return {host.name: connect(site, host) for host in self.chosen.tested}

    @pytest.fixture(scope="session")
    def platform(self, cluster: ClusterClient) -> PlatformView:
        """Return what the cluster has of the platform itself."""
        return PlatformView(cluster, self.subject.objects, self.chosen.nodes)

    @pytest.fixture(scope="session")
    def probe(self, own: OwnObjects) -> Iterator[OwnPod]:
        """Yield a pod in the acceptance tenant's first namespace."""
        with own.pod(acceptance_tenant.NAME, "probe", self._image) as pod:
            yield pod

    @pytest.fixture(scope="session")
    def neighbour(self, own: OwnObjects) -> Iterator[OwnPod]:
        """Yield a pod in the acceptance tenant's second namespace, where it is as any other tenant's pod."""
        with own.pod(acceptance_tenant.OTHER, "neighbour", self._image) as pod:
            yield pod

    @pytest.fixture(scope="session")
    def stranger(self, own: OwnObjects) -> Iterator[OwnPod]:
        """Yield a pod in a namespace of no tenant, which no network policy restricts."""
        own.create_open_namespace()
        with own.pod(own.open_namespace, "stranger", self._image) as pod:
            yield pod

    @property
    def _image(self) -> str:
        """Return an image of the release that has Python."""
        return f"quay.io/jupyterhub/k8s-hub:{self.subject.catalog.components['jupyterhub'].version}"

    @pytest.fixture(scope="session")
    def prometheus(self, cluster: ClusterClient) -> GetJson:
        """Return a function that returns the JSON of a path of Prometheus' API."""
        return lambda path: cluster.service("monitoring", "prometheus", "web", path)

    @pytest.fixture(scope="session")
    def alertmanager(self, cluster: ClusterClient) -> GetJson:
        """Return a function that returns the JSON of a path of Alertmanager's API."""
        return lambda path: cluster.service("monitoring", "alertmanager", "web", path)

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
    def notebook(
        self, cluster: ClusterClient, hub_address: str, authority: Path, hub_password: str
    ) -> Iterator[Notebook]:
        """Yield the user's server: smallest size and volume, in the acceptance tenant's namespace."""
        shared = self._notebook(hub_address, authority, hub_password)
        try:
            if reason := self._no_room(cluster, shared):
                pytest.skip(reason)
            yield shared
        finally:
            shared.ensure_stopped()
            shared.user.drop_token()
            shared.user.close()

    def _notebook(self, address: str, authority: Path, password: str) -> Notebook:
        user = HubUser(address, authority, users.ACCEPTANCE)
        assert user.login(password), f"{address} does not let {user.name} in"  # noqa: S101  a fixture's finding
        user.take_token()
        self.redactor.learn(user.token)
        return Notebook(user, acceptance_tenant.server_options(self.subject.site.environment))

    def _no_room(self, cluster: ClusterClient, notebook: Notebook) -> str:
        """Return why no server is started: one that has to make room for itself would end users' batch jobs."""
        if notebook.user.server():
            return ""
        sizes = self.subject.site.environment.notebooks.sizes
        return no_room(cluster, next(size for size in sizes if size.name == notebook.options["size"]))

    @pytest.fixture(scope="session", autouse=True)
    def _own_places(self, request: pytest.FixtureRequest, own: OwnObjects) -> Iterator[None]:
        """Remove what a killed run left, request the user's server early, and remove everything at the end."""
        needs_server = any(NEEDED_LAST in getattr(item, "fixturenames", ()) for item in request.session.items)
        # A fault of the hub or the API server is reported by the tests that need it, not by all.
        with contextlib.suppress(*FAULTS):
            self._begin(request, own, needs_server=needs_server)
        yield
        own.remove_all()

    def _begin(self, request: pytest.FixtureRequest, own: OwnObjects, *, needs_server: bool) -> None:
        if not needs_server:
            own.remove_all()
            return
        early = self._notebook(
            *(request.getfixturevalue(name) for name in ("hub_address", "authority", "hub_password"))
        )
        try:
            early.ensure_stopped()
            own.remove_all()
            if not self._no_room(own.cluster, early):
                early.request_start()
        finally:
            early.user.drop_token()
            early.user.close()

    @pytest.hookimpl(tryfirst=True)  # before the recorder puts the tests marked `last` at the end
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put tests that need a user's server last; otherwise keep the order."""
        items.sort(key=lambda item: NEEDED_LAST in getattr(item, "fixturenames", ()))


def connect(site: Site, machine: Host) -> Any:
    """Return a host of testinfra, as root: over SSH with pinned keys, or local for the bastion."""
    if machine.name == site.environment.bastion.host:
        return testinfra.get_host("local://", sudo=os.geteuid() != 0)
    return testinfra.get_host(
        f"ssh://{machine.user}@{machine.address}:{machine.port}",
        ssh_extra_args=" ".join(ssh.options(ssh.host(site, machine), keep=0)),
        controlpersist=0,
        sudo=machine.user != "root",
    )
