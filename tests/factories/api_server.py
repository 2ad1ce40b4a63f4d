"""The release's own etcd and kube-apiserver without nodes: they start in seconds and are gone after the tests."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bedplate.artifacts import find_program
from bedplate.config.catalog import Catalog
from bedplate.core import command
from bedplate.kube.object_id import EXISTING_NAMESPACES
from factories.api_credentials import ADMIN, CONTROLLERS, GROUPS, LOOPBACK, ROOT, ApiCredentials, create_credentials
from factories.background_programs import BackgroundProgram, program, reserved_port, scratch_folder

START_SECONDS = 120.0
START_PROPERTY = "seconds until the API server is ready"
"""Name of a property in test reports."""
POLL_SECONDS = 0.05
SERVICES = "198.19.0.0/17"
ISSUER = "https://kubernetes.default.svc.cluster.local"
AGGREGATED = ("admin", "edit", "view")
"""ClusterRoles that are empty until a controller has filled them."""


@dataclass(frozen=True, slots=True)
class ApiServer:
    """A Kubernetes API server, and with it all that it decides itself: rights, admission, quotas, field ownership.

    Attributes:
        folder: its data and logs.
        catalog: the release that its programs come from.
        url: its address.
        credentials: its certificates, and the tokens of its users.
        kubeconfig: kubeconfig of the administrator, who is in kubeadm's group of administrators.
        programs: etcd and kube-apiserver.
        seconds: seconds from the start of the first program until it was ready.
    """

    folder: Path
    catalog: Catalog
    url: str
    credentials: ApiCredentials
    kubeconfig: Path
    programs: tuple[BackgroundProgram, ...]
    seconds: float

    @property
    def kubectl(self) -> Path:
        """Return the release's kubectl."""
        return find_program.find_program("kubernetes", "kubectl", self.catalog)

    def client(self) -> httpx.Client:
        """Return an HTTP client with all rights; the caller closes it."""
        return _client(self.url, self.credentials)


@contextmanager
def running_api_server(catalog: Catalog) -> Iterator[ApiServer]:
    """Run etcd and kube-apiserver of a release until the block ends; both are ready when it begins.

    Any number of them can run at the same time.
    """
    with scratch_folder() as folder, reserved_port() as port:
        credentials, url = create_credentials(folder / "pki"), f"https://{LOOPBACK}:{port}"
        began = time.monotonic()
        with (
            program("etcd", _etcd(catalog, folder), folder / "etcd.log") as etcd,
            program("kube-apiserver", _api_server(catalog, folder, credentials, port), folder / "server.log") as api,
        ):
            _wait(lambda: _is_ready(url, credentials), (etcd, api))
            seconds, kubeconfig = time.monotonic() - began, credentials.kubeconfig(ADMIN, url)
            server = ApiServer(folder, catalog, url, credentials, kubeconfig, (etcd, api), seconds)
            _bind_administrators(server)
            yield server


@contextmanager
def running_controllers(server: ApiServer) -> Iterator[BackgroundProgram]:
    """Run kube-controller-manager until the block ends.

    Tests need it for aggregated roles, quotas, service accounts, workloads, and objects that are deleted with
    their owner.
    """
    log = server.folder / "controllers.log"
    with program("kube-controller-manager", _controllers(server), log) as controllers:
        _wait(lambda: _roles_are_aggregated(server), (*server.programs, controllers))
        yield controllers


def _etcd(catalog: Catalog, folder: Path) -> list[str | Path]:
    # It listens on sockets in the folder. The addresses are announced to other members, of which there are none.
    client, peer = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
    return [
        find_program.find_program("etcd", "etcd", catalog),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls=unix://{folder / 'etcd.sock'}",
        f"--listen-peer-urls=unix://{folder / 'peer.sock'}",
        f"--advertise-client-urls={client}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _api_server(catalog: Catalog, folder: Path, credentials: ApiCredentials, port: int) -> list[str | Path]:
    """Return the command line; authorization and admission are set as kubeadm sets them."""
    certificate, key = credentials.server
    accounts_certificate, accounts_key = credentials.accounts
    return [
        find_program.find_program("kubernetes", "kube-apiserver", catalog),
        f"--etcd-servers=unix://{folder / 'etcd.sock'}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={port}",
        "--permit-port-sharing",
        "--endpoint-reconciler-type=none",
        f"--tls-cert-file={certificate}",
        f"--tls-private-key-file={key}",
        f"--token-auth-file={credentials.token_file}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--service-cluster-ip-range={SERVICES}",
        f"--service-account-issuer={ISSUER}",
        f"--service-account-key-file={accounts_certificate}",
        f"--service-account-signing-key-file={accounts_key}",
    ]


def _controllers(server: ApiServer) -> list[str | Path]:
    return [
        find_program.find_program("kubernetes", "kube-controller-manager", server.catalog),
        f"--kubeconfig={server.credentials.kubeconfig(CONTROLLERS, server.url)}",
        f"--service-account-private-key-file={server.credentials.accounts[1]}",
        f"--root-ca-file={server.credentials.authority}",
        "--use-service-account-credentials",
        "--leader-elect=false",
        "--secure-port=0",
        # Nodes of tests send no heartbeats.
        "--node-monitor-grace-period=24h",
    ]


def _wait(condition: Callable[[], bool], programs: tuple[BackgroundProgram, ...]) -> None:
    """Wait until a condition holds; RuntimeError with the end of a log if a program ends, or time runs out."""
    end = time.monotonic() + START_SECONDS
    while not condition():
        for one in programs:
            one.check()
        if time.monotonic() > end:
            raise RuntimeError(f"{programs[-1].name} is not ready after {START_SECONDS:.0f} s:\n{programs[-1].tail()}")
        time.sleep(POLL_SECONDS)


def _client(url: str, credentials: ApiCredentials) -> httpx.Client:
    trusted = ssl.create_default_context(cafile=str(credentials.authority))
    headers = {"Authorization": f"Bearer {credentials.tokens[ROOT]}"}
    return httpx.Client(base_url=url, verify=trusted, headers=headers, timeout=10, trust_env=False)


def _is_ready(url: str, credentials: ApiCredentials) -> bool:
    """Return whether the API server is ready and has created its own namespaces, which takes a moment longer."""
    try:
        with _client(url, credentials) as client:
            if not client.get("/readyz").is_success:
                return False
            namespaces = client.get("/api/v1/namespaces").json()["items"]
    except httpx.TransportError:
        return False
    return {*EXISTING_NAMESPACES, "default"} <= {one["metadata"]["name"] for one in namespaces}


def _roles_are_aggregated(server: ApiServer) -> bool:
    path = "/apis/rbac.authorization.k8s.io/v1/clusterroles/"
    with server.client() as client:
        return all(client.get(path + name).json().get("rules") for name in AGGREGATED)


def _bind_administrators(server: ApiServer) -> None:
    """Give kubeadm's group of administrators its rights, as `kubeadm init` does."""
    root, group = server.credentials.kubeconfig(ROOT, server.url), GROUPS[ADMIN]
    words = ["create", "clusterrolebinding", group, "--clusterrole=cluster-admin", f"--group={group}"]
    command.run([server.kubectl, "--kubeconfig", root, *words], timeout=60)
