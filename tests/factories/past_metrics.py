"""The release's Prometheus with metrics of the past, to which rules are applied: it scrapes them from one page."""

from __future__ import annotations

import http.server
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bedplate.artifacts import find_program
from bedplate.config.catalog import Catalog
from factories.background_programs import program

Value = float | str | list[float]
Series = Mapping[str, Value]
HOUR, STEP = 3600, 60
HOURS_OF_CASE = 6
"""As far back as the rules look."""
HOURS_BETWEEN = 8
"""From the end of a case to the end of the next, so that none sees another's metrics."""
PATIENCE_SECONDS = 240.0
READY = "bedplate_test_ready"
LISTENS = re.compile(r'msg="Listening on" .*address=(\S+)')
DAYS = re.compile(r"end([+-]\d+)d")
CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
storage: {{tsdb: {{out_of_order_time_window: 90d}}}}
rule_files: [{rules}]
scrape_configs:
  - job_name: past
    honor_labels: true
    honor_timestamps: true
    scrape_interval: 2m
    scrape_timeout: 2m
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


class PastMetrics:
    """A running Prometheus that has the metrics of some cases, one after the other."""

    def __init__(self, url: str, ends: Sequence[int]) -> None:
        """Keep where it is, and when each case ends."""
        self._url, self._ends = url, ends

    def query(self, expression: str, case: int) -> list[Any]:
        """Return what an expression says at the end of a case."""
        words: dict[str, str | int] = {"query": expression, "time": self._ends[case]}
        found = httpx.get(f"{self._url}/api/v1/query", params=words, timeout=PATIENCE_SECONDS).json()
        assert found["status"] == "success", found
        result: list[Any] = found["data"]["result"]
        return result


@contextmanager
def past_metrics(catalog: Catalog, folder: Path, rules: Path, cases: Sequence[Series]) -> Iterator[PastMetrics]:
    """Run Prometheus, which also has to accept the file of rules, until the block ends.

    Args:
        catalog: the release.
        folder: for its data.
        rules: the file.
        cases: the series of each case.
    """
    now = int(time.time())
    ends = [now - (len(cases) - number) * HOURS_BETWEEN * HOUR for number in range(len(cases))]
    page = "".join(_lines(series, end) for series, end in zip(cases, ends, strict=True)) + f"{READY} 1\n"
    with _served(page.encode()) as port:
        config = folder / "prometheus.yaml"
        config.write_text(CONFIG.format(rules=json.dumps(str(rules)), port=port))
        words: list[str | Path] = [
            find_program.find_program("prometheus", "prometheus", catalog),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=365d",
            "--web.listen-address=127.0.0.1:0",
        ]
        with program("prometheus", words, folder / "prometheus.log") as running:
            limit = time.monotonic() + PATIENCE_SECONDS
            while not (url := _ready_url(running.log)):
                running.check()
                assert time.monotonic() < limit, running.tail()
                time.sleep(0.1)
            yield PastMetrics(url, ends)


def _ready_url(log: Path) -> str:
    """Return where a Prometheus listens once it has scraped the page; empty until then."""
    found = LISTENS.search(log.read_text())
    if not found:
        return ""
    url = f"http://{found[1]}"
    try:
        answer = httpx.get(f"{url}/api/v1/query", params={"query": READY}).json()
    except (httpx.HTTPError, ValueError):
        return ""
    return url if answer.get("data", {}).get("result") else ""


def _lines(series: Series, end: int) -> str:
    """Return the samples of one case in Prometheus' text format, which has times in milliseconds."""
    times = range(end - HOURS_OF_CASE * HOUR, end + 1, STEP)
    return "".join(
        f"{name} {_at(value, (at - times[0]) / (times[-1] - times[0]), end)} {at}000\n"
        for name, value in series.items()
        for at in times
    )


def _at(value: Value, part: float, end: int) -> float:
    if isinstance(value, list):
        return value[0] + (value[1] - value[0]) * part
    if isinstance(value, str):
        match = DAYS.fullmatch(value)
        assert match, value
        return end + int(match[1]) * 24 * HOUR
    return value


@contextmanager
def _served(page: bytes) -> Iterator[int]:
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
