from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bedplate.acceptance.cluster_client import ClusterClient, wait

Ask = Callable[[str], Any]
SIGNAL = "bedplate-acceptance-alert"
ARRIVES_SECONDS = 180


@pytest.fixture(scope="session")
def signal(cluster: ClusterClient) -> Iterator[None]:
    """Make what the rule AcceptanceTest looks for: with the first test, so that its alert is on its way meanwhile."""
    cluster.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": SIGNAL, "namespace": "monitoring"}, "data": {}}
    )
    yield
    cluster.delete("configmap", SIGNAL, "monitoring")


@pytest.mark.usefixtures("signal")
def test_watchdog_arrives(alertmanager: Ask) -> None:
    """The alert that always fires has reached Alertmanager."""
    wait(lambda: "Watchdog" in _names(alertmanager), "alert Watchdog", ARRIVES_SECONDS, "has not arrived")


@pytest.mark.last
@pytest.mark.usefixtures("signal")
def test_a_test_alert_arrives(alertmanager: Ask) -> None:
    """An alert whose cause is made now goes the whole way: metric, rule, Prometheus, Alertmanager."""
    wait(lambda: "AcceptanceTest" in _names(alertmanager), "alert AcceptanceTest", ARRIVES_SECONDS, "has not arrived")


def _names(alertmanager: Ask) -> set[str]:
    return {alert["labels"]["alertname"] for alert in alertmanager("/api/v2/alerts?active=true")}
