import json
import uuid
from typing import Any

import pytest

from bedplate.acceptance.cluster_client import PYTHON, ClusterClient
from bedplate.config.environments import Site

LOOK_UP = "import json, socket, sys; print(json.dumps([socket.gethostbyname(name) for name in sys.argv[1:]]))"
LOOK_UP_UNKNOWN = """
import socket, sys
try:
    raise SystemExit("found " + socket.gethostbyname(sys.argv[1]))
except socket.gaierror:
    pass
"""
CONTROL = "bedplate-acceptance.invalid"
"""Domain of names that are looked up on purpose; RFC 6761 reserves ``invalid``."""
LOG_MARK = "external "


def test_names_of_services_and_of_the_site(hub_pod: dict[str, Any], cluster: ClusterClient, site: Site) -> None:
    """A pod resolves Services and the site's own names."""
    api = f"api.{site.environment.domain}"
    names = ["kubernetes.default.svc.cluster.local", "hub", api]
    answer = cluster.run_in("notebooks", hub_pod["metadata"]["name"], PYTHON, "-c", LOOK_UP, *names)
    kubernetes, hub, first = json.loads(answer)
    assert kubernetes == cluster.one("service", "kubernetes", "default")["spec"]["clusterIP"]
    assert hub == cluster.one("service", "hub", "notebooks")["spec"]["clusterIP"]
    assert first == str(site.control_plane[0].address)


def test_questions_for_outside_names_are_seen(hub_pod: dict[str, Any], cluster: ClusterClient) -> None:
    """An outside name that this run looks up is refused, and logged with the pod's address."""
    name = f"{uuid.uuid4().hex}.{CONTROL}"
    cluster.run_in("notebooks", hub_pod["metadata"]["name"], PYTHON, "-c", LOOK_UP_UNKNOWN, name)
    [logged, *_] = [line for line in _external(cluster) if name in line]
    assert logged.endswith(f"from {hub_pod['status']['podIP']}")


@pytest.mark.last
def test_nobody_asked_for_an_outside_name(cluster: ClusterClient, record_property: Any) -> None:
    """No pod has looked up a name outside the datacenter: CoreDNS's log of external names is empty."""
    lines = [line for line in _external(cluster) if CONTROL not in line]
    record_property("external_names", len(lines))
    if lines:
        pytest.fail(f"{len(lines)} lookups of outside names, the last: {lines[-1]}")


def _external(cluster: ClusterClient) -> list[str]:
    return [line for line in cluster.logs("kube-system", "k8s-app=kube-dns").splitlines() if LOG_MARK in line]
