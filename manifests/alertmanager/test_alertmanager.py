from collections.abc import Callable
from typing import Any

import pytest

from bedplate.acceptance.cluster_client import wait
from bedplate.acceptance.own_objects import OwnObjects
from bedplate.config.acceptance_tenant import NAME

GetJson = Callable[[str], Any]
ARRIVES_SECONDS = 180


@pytest.fixture(scope="session")
def signal(own: OwnObjects) -> str:
    """Create what the rule AcceptanceTest looks for, early, so that its alert can fire while other tests run."""
    name = own.name("alert")
    own.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": NAME}, "data": {}})
    return name


@pytest.mark.usefixtures("signal")
def test_watchdog_arrives(alertmanager: GetJson) -> None:
    """Watchdog, the alert that always fires, reaches Alertmanager."""
    wait(lambda: bool(_alerts(alertmanager, "Watchdog")), "alert Watchdog", ARRIVES_SECONDS, "has not arrived")


@pytest.mark.last
def test_a_test_alert_arrives(alertmanager: GetJson, signal: str) -> None:
    """An alert that this run causes passes the whole chain: metric, rule, Prometheus, Alertmanager."""

    def arrived() -> bool:
        return any(labels.get("configmap") == signal for labels in _alerts(alertmanager, "AcceptanceTest"))

    wait(arrived, "alert AcceptanceTest", ARRIVES_SECONDS, "has not arrived")


def _alerts(alertmanager: GetJson, name: str) -> list[dict[str, str]]:
    alerts = [alert["labels"] for alert in alertmanager("/api/v2/alerts?active=true")]
    return [labels for labels in alerts if labels["alertname"] == name]
