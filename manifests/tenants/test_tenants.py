import json
from collections.abc import Iterator
from typing import Any

import pytest

from bedplate.acceptance.access_question import AccessQuestion
from bedplate.acceptance.cluster_client import PYTHON, ClusterClient, wait
from bedplate.acceptance.hub_client import Notebook
from bedplate.config.catalog import Catalog
from bedplate.config.environment_file import Tenant, TenantNamespace
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError

STRANGER_NAMESPACE = "bedplate-acceptance"
UNKNOWN_GROUP = "bedplate-acceptance-nobody"
NOTEBOOK_PORT, HUB_PORT = 8888, 8081
CONNECT = """
import json, socket, sys
answers = {}
for target in sys.argv[1:]:
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
        answers[target] = True
    except OSError:
        answers[target] = False
print(json.dumps(answers))
"""


def _namespaces(site: Site) -> list[tuple[Tenant, TenantNamespace]]:
    return [(tenant, namespace) for tenant in site.environment.tenants for namespace in tenant.namespaces]


@pytest.fixture
def stranger(cluster: ClusterClient, catalog: Catalog) -> Iterator[str]:
    """Run a pod in its own namespace without policies; yield its name."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": STRANGER_NAMESPACE, "labels": labels}})
    wait(lambda: bool(cluster.items("serviceaccounts", STRANGER_NAMESPACE)), f"namespace {STRANGER_NAMESPACE}", 60)
    image = f"quay.io/jupyterhub/k8s-hub:{catalog.components['jupyterhub'].version}"
    try:
        with cluster.pod(STRANGER_NAMESPACE, "stranger", image) as name:
            yield name
    finally:
        cluster.delete("namespace", STRANGER_NAMESPACE)


@pytest.fixture
def server(notebook: Notebook, cluster: ClusterClient) -> dict[str, Any]:
    """Return the pod of a user's running server."""
    notebook.ensure_running()
    [pod] = cluster.items("pods", notebook.options["namespace"], "component=singleuser-server")
    return pod


def test_namespaces_are_labelled(cluster: ClusterClient, site: Site) -> None:
    """Every tenant's namespace is labelled with its owner and enforces its Pod Security Standard."""
    for tenant, namespace in _namespaces(site):
        metadata = cluster.one("namespace", namespace.name)["metadata"]
        assert metadata["annotations"]["bedplate.dev/owner"] == tenant.owner
        assert metadata["labels"]["bedplate.dev/tenant"] == tenant.name
        assert metadata["labels"]["pod-security.kubernetes.io/enforce"] == namespace.pod_security


def test_groups_have_their_rights_and_no_others(cluster: ClusterClient, site: Site) -> None:
    """Each group has in each tenant's namespace exactly the rights that environment.yaml gives it."""
    tenants = site.environment.tenants
    named = [tenant.groups for tenant in tenants]
    groups = {group for g in named for group in (*g.admins, *g.users, *g.viewers)} | {UNKNOWN_GROUP}
    questions, wanted = set(), set()
    for tenant, namespace in _namespaces(site):
        admins, users = {*tenant.groups.admins}, {*tenant.groups.admins, *tenant.groups.users}
        permitted = {
            ("create", "rolebindings.rbac.authorization.k8s.io"): admins,
            ("create", "pods"): users,
            ("get", "pods"): users | {*tenant.groups.viewers},
        }
        for (verb, resource), entitled in permitted.items():
            questions |= {AccessQuestion(group, verb, resource, namespace.name) for group in groups}
            wanted |= {AccessQuestion(group, verb, resource, namespace.name) for group in entitled}
    assert cluster.permitted(questions) == wanted


def test_quotas_are_as_written(cluster: ClusterClient, site: Site) -> None:
    """Every tenant's quota is the one in environment.yaml, and pods without limits get default limits."""
    for _, namespace in _namespaces(site):
        hard = cluster.one("resourcequota", "tenant", namespace.name)["spec"]["hard"]
        quota = namespace.quota
        assert hard["limits.cpu"] == quota.cpu
        assert hard["limits.memory"] == quota.memory
        assert hard["requests.storage"] == quota.storage
        assert hard["pods"] == str(quota.pods)
        assert cluster.items("limitranges", namespace.name)


def test_quota_is_enforced(cluster: ClusterClient, site: Site) -> None:
    """A volume larger than the tenant's quota is refused."""
    for _, namespace in _namespaces(site):
        with pytest.raises(BedplateError, match="exceeded quota"):
            cluster.apply(_claim(namespace.name, "100Ti"))


def test_privileged_pods_are_refused(cluster: ClusterClient, site: Site) -> None:
    """A privileged pod is refused in every tenant's namespace."""
    for _, namespace in _namespaces(site):
        with pytest.raises(BedplateError, match="violates PodSecurity"):
            cluster.apply(_privileged(namespace.name))


def test_everything_is_denied_first(cluster: ClusterClient, site: Site) -> None:
    """Every tenant's namespace denies traffic that no policy allows."""
    for _, namespace in _namespaces(site):
        spec = cluster.one("networkpolicy", "default-deny", namespace.name)["spec"]
        assert spec["podSelector"] == {}
        assert sorted(spec["policyTypes"]) == ["Egress", "Ingress"]


def test_a_notebook_is_reached_by_hub_and_owner_only(
    server: dict[str, Any], stranger: str, hub_pod: dict[str, Any], cluster: ClusterClient
) -> None:
    """A pod in another namespace cannot reach a user's notebook; the hub can."""
    address = f"{server['status']['podIP']}:{NOTEBOOK_PORT}"
    proxy = f"{_service(cluster, 'proxy-public')}:443"
    # The page is open to all pods. As the stranger reaches it, its network works and the notebook is denied to it.
    assert _reached(cluster, STRANGER_NAMESPACE, stranger, proxy, address) == {proxy: True, address: False}
    assert _reached(cluster, "notebooks", hub_pod["metadata"]["name"], address) == {address: True}


def test_a_notebook_reaches_the_hub_and_nothing_else(
    server: dict[str, Any], cluster: ClusterClient, site: Site
) -> None:
    """A user's notebook reaches the hub, but not the API server, nodes or monitoring."""
    hub = f"{_service(cluster, 'hub')}:{HUB_PORT}"
    api = f"{site.control_plane[0].address}:6443"
    node = f"{site.workers[0].address if site.workers else site.control_plane[0].address}:22"
    kubernetes = f"{cluster.one('service', 'kubernetes', 'default')['spec']['clusterIP']}:443"
    prometheus = f"{_service(cluster, 'prometheus', 'monitoring')}:9090"
    metadata = server["metadata"]
    answers = _reached(cluster, metadata["namespace"], metadata["name"], hub, api, node, kubernetes, prometheus)
    assert answers == {hub: True, api: False, node: False, kubernetes: False, prometheus: False}


def _service(cluster: ClusterClient, name: str, namespace: str = "notebooks") -> str:
    address: str = cluster.one("service", name, namespace)["spec"]["clusterIP"]
    return address


def _reached(cluster: ClusterClient, namespace: str, pod: str, *targets: str) -> dict[str, bool]:
    answers: dict[str, bool] = json.loads(cluster.run_in(namespace, pod, PYTHON, "-c", CONNECT, *targets))
    return answers


def _claim(namespace: str, storage: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "too-large", "namespace": namespace},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}},
    }


def _privileged(namespace: str) -> dict[str, Any]:
    container = {"name": "one", "image": "registry.k8s.io/pause:3.10.1", "securityContext": {"privileged": True}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "privileged", "namespace": namespace},
        "spec": {"containers": [container]},
    }
