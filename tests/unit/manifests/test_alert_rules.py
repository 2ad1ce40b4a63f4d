"""Every alert, evaluated by the release's Prometheus over metrics of tests/data/alerts.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from bedplate.artifacts import find_program
from bedplate.artifacts.load_release import load_release
from bedplate.config import catalog as catalogs
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from factories import DATA, unavailable
from factories.past_metrics import PastMetrics, past_metrics

pytestmark = pytest.mark.slow

RULES = paths.SOURCE / "manifests/prometheus/rules.yaml"
EXPRESSIONS: dict[str, str] = {
    rule["alert"]: rule["expr"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
}
TABLE: dict[str, dict[str, list[Any]]] = yaml.safe_load((DATA / "alerts.yaml").read_text())
CASES = [
    (alert, fires, series)
    for alert, words in TABLE.items()
    for fires in (True, False)
    for series in words.get("fires" if fires else "silent", [])
]


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PastMetrics]:
    """Run the release's Prometheus with the metrics of all cases."""
    release = load_release(catalogs.newest())
    try:
        find_program.find_program("prometheus", "prometheus", release)
    except BedplateError as error:
        unavailable(f"{error.subject} {error.fact}; run: make programs")
    with past_metrics(release, tmp_path_factory.mktemp("past"), RULES, [case[2] for case in CASES]) as running:
        yield running


@pytest.mark.parametrize(
    ("number", "alert", "fires"), [(number, case[0], case[1]) for number, case in enumerate(CASES)]
)
def test_an_alert_fires_where_it_should(metrics: PastMetrics, number: int, alert: str, *, fires: bool) -> None:
    """Its expression holds at the end of a case that is listed as such, and at the end of no other."""
    found = metrics.query(EXPRESSIONS[alert], number)
    assert bool(found) is fires, CASES[number][2]


def test_every_alert_has_cases() -> None:
    """One in which it fires, and, unless it always does, one in which it does not."""
    assert TABLE.keys() == EXPRESSIONS.keys()
    assert all(words["fires"] for words in TABLE.values())
    assert {alert for alert, words in TABLE.items() if not words.get("silent")} == {"Watchdog"}
