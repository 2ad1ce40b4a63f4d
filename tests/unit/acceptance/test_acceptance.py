import io
import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bedplate.acceptance import acceptance_report, runner
from bedplate.acceptance.acceptance_result import AcceptanceCheck
from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.acceptance.failure_text import Redactor
from bedplate.acceptance.recorder import Recorder
from bedplate.acceptance.safe_reports import SafeReports
from bedplate.cluster import kubectl
from bedplate.config.environments import Site
from bedplate.render.reference_site import reference_site
from factories.acceptance_pytest import run_of, use_plain_assertions

SAMPLE = '''
import pytest

@pytest.mark.last
def test_sum():
    """It is summed up."""

def test_good(record_property):
    """Two is two."""
    record_property("packets_outside", 3)

def test_bad():
    """One is two."""
    assert 1 == 2, "they differ"

@pytest.mark.parametrize("host", ["cp1", "worker1"])
def test_each(host):
    """It is there."""

def test_elsewhere():
    """It is looked at."""
    pytest.skip("not here")
'''


def check(outcome: str, detail: str = "", **facts: object) -> AcceptanceCheck:
    """Return a check with this outcome."""
    return AcceptanceCheck.model_validate({
        "id": f"a/{outcome}", "title": f"It <{outcome}>", "component": "a", "outcome": outcome, "seconds": 1.5,
        "detail": detail, "facts": facts,
    })  # fmt: skip


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    use_plain_assertions(monkeypatch)


@pytest.fixture
def recorded(tmp_path: Path) -> Recorder:
    """Return the recorder after a run of SAMPLE."""
    path = tmp_path / "test_some_part.py"
    path.write_text(SAMPLE)
    recorder = Recorder({path: "some-part"}, lambda _: None, lambda _: None)
    plugins, log = [SafeReports([path], redactor := Redactor()), recorder], tmp_path / "log" / "pytest.log"
    assert runner.run_pytest({path: "some-part"}, plugins, log, redactor) == 1
    return recorder


def test_tests_become_checks(recorded: Recorder) -> None:
    """Each test is a check with its docstring as title, its outcome, its reason and what it measured."""
    checks = [(check.id, check.title, check.outcome) for check in recorded.checks]
    assert checks == [
        ("some-part/good", "Two is two", "passed"),
        ("some-part/bad", "One is two", "failed"),
        ("some-part/each[cp1]", "It is there (cp1)", "passed"),
        ("some-part/each[worker1]", "It is there (worker1)", "passed"),
        ("some-part/elsewhere", "It is looked at", "skipped"),
        ("some-part/sum", "It is summed up", "passed"),
    ]
    assert recorded.checks[0].facts == {"packets_outside": 3}
    assert recorded.checks[1].detail == "they differ"
    assert recorded.checks[4].detail == "not here"


def test_an_unreadable_test_file_is_a_failure(tmp_path: Path) -> None:
    """A test file that cannot be imported is a failed check, not a silent gap."""
    path = tmp_path / "test_part.py"
    path.write_text("import nothing_of_this_name\n")
    recorder = Recorder({path: "part"}, lambda _: None, lambda _: None)
    plugins, log = [SafeReports([path], redactor := Redactor()), recorder], tmp_path / "log" / "pytest.log"
    runner.run_pytest({path: "part"}, plugins, log, redactor)
    assert [(check.id, check.outcome) for check in recorder.checks] == [("part/read", "failed")]


def test_test_files_come_from_all_trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A component's tests are found in its folder in any tree; components without tests are left out."""
    folder = tmp_path / "manifests/a-b"
    folder.mkdir(parents=True)
    (folder / "test_a_b.py").touch()
    monkeypatch.setenv("BEDPLATE_TREES", str(tmp_path))
    found = runner.find_tests(["a-b", "kubernetes", "no-tests"])
    assert list(dict.fromkeys(found.values())) == ["hosts", "a-b", "kubernetes"]
    assert folder / "test_a_b.py" in found


@pytest.mark.parametrize(
    ("outcomes", "packets", "green"),
    [
        (["passed"], 0, True),
        (["passed", "skipped"], 0, False),
        (["passed"], 1, False),
        (["passed"], None, False),
        (["passed", "failed"], 0, False),
        (["skipped"], 0, False),
        ([], None, False),
    ],
)
def test_green_means_that_everything_passed_and_no_packet_left(
    outcomes: list[str],
    packets: int | None,
    green: bool,  # noqa: FBT001  a column of the table
) -> None:
    """A run is green if every check passed, and no packet tried to leave; a skipped check is not green."""
    facts: dict[str, Any] = {} if packets is None else {"packets_outside": packets}
    assert run_of(*(check(outcome, "", **facts) for outcome in outcomes)).is_green is green


def test_a_run_that_counted_no_packets_fails() -> None:
    """If the hosts' tests are missing or broken, the run has a failed check that says so."""
    assert runner._check_counted([check("passed", packets_outside=0)]) == []
    [missing] = runner._check_counted([check("passed")])
    assert (missing.id, missing.outcome) == ("run/packets-outside", "failed")


def test_json_has_what_programs_read() -> None:
    """The JSON has the counts, the packets that tried to leave, and every check."""
    data = run_of(
        check("passed", packets_outside=0), check("passed", packets_outside=2), check("failed", "no")
    ).as_json()
    assert (data["passed"], data["failed"], data["skipped"], data["packets_outside"]) == (2, 1, 0, 2)
    assert data["checks"][2]["detail"] == "no"
    json.dumps(data)


def test_packets_that_were_not_counted_are_not_zero() -> None:
    """If no test counted packets, the report does not claim that there were none."""
    assert run_of(check("passed")).packets_outside is None


def test_junit_is_read_back() -> None:
    """JUnit XML parses, control characters included, with one suite per component."""
    suites = ET.fromstring(  # noqa: S314  our own text
        acceptance_report.junit(
            run_of(check("passed"), check("failed", "bad\x1b[31m\nmore"), check("skipped", "later"))
        )
    )
    [suite] = suites
    assert {key: suite.attrib[key] for key in ("name", "tests", "failures", "skipped")} == {
        "name": "a", "tests": "3", "failures": "1", "skipped": "1",
    }  # fmt: skip
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.attrib["message"] == "bad[31m"


class References(HTMLParser):
    """Collects what a page would load."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag refers to."""
        self.found += [f"{tag} {value}" for name, value in attrs if name in {"src", "href", "action"}]
        self.found += [tag] if tag in {"script", "link", "img", "iframe"} else []


def test_the_page_is_self_contained_and_escaped() -> None:
    """The HTML page loads nothing, shows the verdict, and escapes text from tests."""
    page = acceptance_report.html(
        run_of(check("passed", packets_outside=0), check("failed", "<script>alert(1)</script>"))
    )
    references = References()
    references.feed(page)
    assert references.found == []
    assert "url(" not in page
    assert "@import" not in page
    assert ">FAILED<" in page
    assert "&lt;script&gt;" in page


def test_all_files_are_written(tmp_path: Path) -> None:
    """The folder has the page, JUnit XML and JSON."""
    assert acceptance_report.write(run_of(check("passed")), tmp_path) == tmp_path / "report.html"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["junit.xml", "report.html", "report.json"]


def test_the_terminal_shows_failures_last() -> None:
    """The terminal shows all checks, then what failed and why, then the summary."""
    output = io.StringIO()
    acceptance_report.show(
        run_of(check("passed"), check("failed", "because of [that]")), Console(file=output, width=100)
    )
    lines = output.getvalue().splitlines()
    assert "because of [that]" in lines
    assert lines[-1] == "environment lab, release 2026.11.0: 1 passed, 1 failed, 1 min 23 s"


@pytest.mark.parametrize(("seconds", "text"), [(0.42, "0.4 s"), (12.4, "12 s"), (185, "3 min 5 s")])
def test_durations(seconds: float, text: str) -> None:
    """Durations are rounded for people."""
    assert acceptance_report.duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (-2.1e-06, "0"), (0.974, "0.974"), (["a", "b"], "2"), ("x", "x")]
)
def test_measurements(value: object, text: str) -> None:
    """Measured values are short on the page; lists are in the JSON."""
    assert acceptance_report.measured(value) == text


def test_logs_are_those_of_restarted_containers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a restarted container has an earlier log; kubectl fails if the earlier log of another is requested."""
    statuses = [{"name": "dns", "restartCount": 1}, {"name": "metrics", "restartCount": 0}]
    pods = {"items": [{"metadata": {"name": "a"}, "status": {"containerStatuses": statuses}}]}

    def run(_: Site, *words: str, **__: object) -> bytes:
        if words[0] == "get":
            return json.dumps(pods).encode()
        if "--previous" not in words:
            return b"now\n"
        assert words[-4:] == ("a", "-c", "dns", "--previous")
        return b"before\n"

    monkeypatch.setattr(kubectl, "run", run)
    assert ClusterClient(reference_site("2026.11.0", [])).logs("kube-system", "k8s-app=kube-dns") == "before\nnow\n"
