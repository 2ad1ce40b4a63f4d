import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from bedplate.acceptance.cluster_client import ClusterClient, wait
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.render.objects import scrape_targets

Ask = Callable[[str], Any]
PAGE = "/api/v1/namespaces/monitoring/services/prometheus:web/proxy"
LEAST_PROGRAM = 100_000
UP_SECONDS = 120
PER_NODE = ("kubelet", "cadvisor")


def test_every_expected_target_is_up(
    prometheus: Ask, cluster: ClusterClient, catalog: Catalog, site: Site, record_property: Any
) -> None:
    """Every metrics endpoint that a component declares is read, on every pod of it, and so is every node."""
    expected = _expected(cluster, catalog, site)
    seen: dict[str, int] = {}

    def are_up() -> bool:
        seen.clear()
        seen.update(Counter(one["labels"]["job"] for one in _targets(prometheus) if one["health"] == "up"))
        return all(seen.get(job, 0) >= number for job, number in expected.items())

    try:
        wait(are_up, "targets", UP_SECONDS, "are not all up")
    finally:
        record_property("targets_up", sum(seen.values()))
    assert expected.keys() <= seen.keys()


def test_no_target_is_down(prometheus: Ask) -> None:
    """Nothing that Prometheus reads is down."""
    down = {one["scrapeUrl"]: one["lastError"] for one in _targets(prometheus) if one["health"] == "down"}
    assert down == {}


def test_rules_are_loaded(prometheus: Ask) -> None:
    """The alert rules are loaded, and all of them can be evaluated."""
    rules = [rule for group in prometheus("/api/v1/rules")["data"]["groups"] for rule in group["rules"]]
    assert {"Watchdog", "NodeNotReady", "TargetDown"} <= {rule["name"] for rule in rules}
    assert {rule["name"]: rule.get("lastError", "") for rule in rules if rule["health"] == "err"} == {}


def test_the_page_is_served(cluster: ClusterClient) -> None:
    """People get Prometheus' page with its program, not the API alone."""
    page = cluster.raw(f"{PAGE}/query")
    assert "<title>Prometheus" in page
    [program] = re.findall(r'src="\.?/?(assets/[^"]+\.js)"', page)
    assert len(cluster.raw(f"{PAGE}/{program}")) > LEAST_PROGRAM


def _targets(prometheus: Ask) -> list[dict[str, Any]]:
    targets: list[dict[str, Any]] = prometheus("/api/v1/targets?state=active")["data"]["activeTargets"]
    return targets


def _expected(cluster: ClusterClient, catalog: Catalog, site: Site) -> dict[str, int]:
    """Return how many endpoints each job must have: those of the declared Services, and all nodes."""
    nodes = len(site.control_plane) + len(site.workers)
    expected = {**dict.fromkeys(PER_NODE, nodes), "apiserver": len(site.control_plane)}
    slices = cluster.items("endpointslices")
    for target in scrape_targets(catalog):
        endpoints = [
            endpoint
            for one in slices
            if one["metadata"]["namespace"] == target["namespace"]
            and one["metadata"].get("labels", {}).get("kubernetes.io/service-name") == target["service"]
            and target["port"] in {port.get("name") for port in one["ports"] or []}
            for endpoint in one["endpoints"] or []
        ]
        expected[target["job"]] = max(1, len(endpoints))
    return expected
