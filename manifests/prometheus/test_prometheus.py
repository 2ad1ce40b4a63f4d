import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from bedplate.acceptance.cluster_client import ClusterClient, wait
from bedplate.acceptance.host_answers import listed
from bedplate.acceptance.host_selection import HostSelection
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.render.objects import scrape_targets

GetJson = Callable[[str], Any]
PAGE = "/api/v1/namespaces/monitoring/services/prometheus:web/proxy"
MINIMUM_PROGRAM_SIZE = 100_000
UP_SECONDS = 120
PER_NODE, API_SERVER = ("kubelet", "cadvisor"), "apiserver"
WANTED_RULES = {"Watchdog", "NodeNotReady", "TargetDown"}


@pytest.fixture
def expected(cluster: ClusterClient, catalog: Catalog, site: Site, selection: HostSelection) -> Counter[str]:
    """Return how many targets each job must have."""
    return _expected(cluster, catalog, site, selection)


def test_every_expected_target_is_up(prometheus: GetJson, expected: Counter[str], record_property: Any) -> None:
    """Prometheus reads every tested node and every declared metrics endpoint, on each of its pods."""
    seen: Counter[str] = Counter()

    def are_up() -> bool:
        seen.clear()
        seen.update(target["labels"]["job"] for target in _targets(prometheus) if target["health"] == "up")
        return not (expected - seen)

    try:
        wait(are_up, "targets", UP_SECONDS, "are not all up")
    except BedplateError:
        pytest.fail(listed({job: f"{missing} targets are not up" for job, missing in (expected - seen).items()}))
    finally:
        record_property("targets_up", sum(seen.values()))


def test_no_target_is_down(prometheus: GetJson, catalog: Catalog, site: Site, selection: HostSelection) -> None:
    """No target of the platform on a tested node is down."""
    jobs = {*PER_NODE, API_SERVER, *(target["job"] for target in scrape_targets(catalog))}
    left_out = {str(host.address) for host in site.hosts if host not in selection.tested}
    down = {
        target["scrapeUrl"]: target["lastError"]
        for target in _targets(prometheus)
        if target["health"] == "down"
        and target["labels"]["job"] in jobs
        and target["labels"].get("node", next(iter(selection.nodes))) in selection.nodes
        and target["labels"]["instance"].rpartition(":")[0] not in left_out
    }
    assert not down, listed(down)


def test_rules_are_loaded(prometheus: GetJson) -> None:
    """The alert rules are loaded, and none has an error."""
    rules = [rule for group in prometheus("/api/v1/rules")["data"]["groups"] for rule in group["rules"]]
    missing = WANTED_RULES - {rule["name"] for rule in rules}
    errors = {rule["name"]: rule.get("lastError", "") for rule in rules if rule["health"] == "err"}
    assert not missing, f"missing: {', '.join(sorted(missing))}"
    assert not errors, listed(errors)


def test_the_page_is_served(cluster: ClusterClient) -> None:
    """Prometheus serves its web page with the page's program, not only its API."""
    page = cluster.raw(f"{PAGE}/query")
    assert "<title>Prometheus" in page, "the page has another title"
    program = re.search(r'src="\.?/?(assets/[^"]+\.js)"', page)
    assert program, "the page names no program"
    size = len(cluster.raw(f"{PAGE}/{program[1]}"))
    assert size > MINIMUM_PROGRAM_SIZE, f"the page's program has only {size} characters"


def _targets(prometheus: GetJson) -> list[dict[str, Any]]:
    targets: list[dict[str, Any]] = prometheus("/api/v1/targets?state=active")["data"]["activeTargets"]
    return targets


def _expected(cluster: ClusterClient, catalog: Catalog, site: Site, selection: HostSelection) -> Counter[str]:
    """Return how many targets each job must have: the endpoints of declared Services, and all nodes, as tested."""
    servers = sum(host in selection.tested for host in site.control_plane)
    expected = Counter({**dict.fromkeys(PER_NODE, len(selection.nodes)), API_SERVER: servers})
    slices = cluster.items("endpointslices")
    for target in scrape_targets(catalog):
        endpoints = [
            endpoint
            for item in slices
            if item["metadata"]["namespace"] == target["namespace"]
            and item["metadata"].get("labels", {}).get("kubernetes.io/service-name") == target["service"]
            and target["port"] in {port.get("name") for port in item["ports"] or []}
            for endpoint in item["endpoints"] or []
            if endpoint.get("nodeName", next(iter(selection.nodes))) in selection.nodes
        ]
        expected[target["job"]] = max(1, len(endpoints))
    return expected
