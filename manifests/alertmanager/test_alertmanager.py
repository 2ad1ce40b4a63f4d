from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bedplate.acceptance.cluster_client import ClusterClient, wait

GetJson = Callable[[str], Any]
SIGNAL = "bedplate-acceptance-alert"
ARRIVES_SECONDS = 180


@pytest.fixture(scope="session")
def signal(cluster: ClusterClient) -> Iterator[None]:
    """Create what the rule AcceptanceTest looks for, early, so that its alert can fire while other tests run."""
    cluster.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": SIGNAL, "namespace": "monitoring"}, "data": {}}
    )
    yield
    cluster.delete("configmap", SIGNAL, "monitoring")


@pytest.mark.usefixtures("signal")
def test_watchdog_arrives(alertmanager: GetJson) -> None:
    """Watchdog, the alert that always fires, reaches Alertmanager."""
    wait(lambda: "Watchdog" in _names(alertmanager), "alert Watchdog", ARRIVES_SECONDS, "has not arrived")


@pytest.mark.last
@pytest.mark.usefixtures("signal")
def test_a_test_alert_arrives(alertmanager: GetJson) -> None:
    """An alert that this run causes passes the whole chain: metric, rule, Prometheus, Alertmanager."""
    wait(lambda: "AcceptanceTest" in _names(alertmanager), "alert AcceptanceTest", ARRIVES_SECONDS, "has not arrived")


def _names(alertmanager: GetJson) -> set[str]:
    return {alert["labels"]["alertname"] for alert in alertmanager("/api/v2/alerts?active=true")}
