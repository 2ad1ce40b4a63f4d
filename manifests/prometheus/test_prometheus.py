import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from bedplate.acceptance.cluster_client import ClusterClient, wait
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.render.objects import scrape_targets

GetJson = Callable[[str], Any]
PAGE = "/api/v1/namespaces/monitoring/services/prometheus:web/proxy"
MINIMUM_PROGRAM_SIZE = 100_000
UP_SECONDS = 120
PER_NODE = ("kubelet", "cadvisor")


def test_every_expected_target_is_up(
    prometheus: GetJson, cluster: ClusterClient, catalog: Catalog, site: Site, record_property: Any
) -> None:
    """Prometheus reads every node and every declared metrics endpoint, on each of its pods."""
    expected = _expected(cluster, catalog, site)
    seen: dict[str, int] = {}

    def are_up() -> bool:
        seen.clear()
        seen.update(Counter(target["labels"]["job"] for target in _targets(prometheus) if target["health"] == "up"))
        return all(seen.get(job, 0) >= number for job, number in expected.items())

    try:
        wait(are_up, "targets", UP_SECONDS, "are not all up")
    finally:
        record_property("targets_up", sum(seen.values()))
    assert expected.keys() <= seen.keys()


def test_no_target_is_down(prometheus: GetJson) -> None:
    """No target of Prometheus is down."""
    down = {target["scrapeUrl"]: target["lastError"] for target in _targets(prometheus) if target["health"] == "down"}
    assert down == {}


def test_rules_are_loaded(prometheus: GetJson) -> None:
    """The alert rules are loaded, and none has an error."""
    rules = [rule for group in prometheus("/api/v1/rules")["data"]["groups"] for rule in group["rules"]]
    assert {"Watchdog", "NodeNotReady", "TargetDown"} <= {rule["name"] for rule in rules}
    assert {rule["name"]: rule.get("lastError", "") for rule in rules if rule["health"] == "err"} == {}


def test_the_page_is_served(cluster: ClusterClient) -> None:
    """Prometheus serves its web page with the page's program, not only its API."""
    page = cluster.raw(f"{PAGE}/query")
    assert "<title>Prometheus" in page
    [program] = re.findall(r'src="\.?/?(assets/[^"]+\.js)"', page)
    assert len(cluster.raw(f"{PAGE}/{program}")) > MINIMUM_PROGRAM_SIZE


def _targets(prometheus: GetJson) -> list[dict[str, Any]]:
    targets: list[dict[str, Any]] = prometheus("/api/v1/targets?state=active")["data"]["activeTargets"]
    return targets


def _expected(cluster: ClusterClient, catalog: Catalog, site: Site) -> dict[str, int]:
    """Return how many targets each job must have: the endpoints of declared Services, and all nodes."""
    nodes = len(site.control_plane) + len(site.workers)
    expected = {**dict.fromkeys(PER_NODE, nodes), "apiserver": len(site.control_plane)}
    slices = cluster.items("endpointslices")
    for target in scrape_targets(catalog):
        endpoints = [
            endpoint
            for item in slices
            if item["metadata"]["namespace"] == target["namespace"]
            and item["metadata"].get("labels", {}).get("kubernetes.io/service-name") == target["service"]
            and target["port"] in {port.get("name") for port in item["ports"] or []}
            for endpoint in item["endpoints"] or []
        ]
        expected[target["job"]] = max(1, len(endpoints))
    return expected
