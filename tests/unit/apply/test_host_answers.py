"""Answers of hosts in another shape than asked for: a broken host stops no command for the others."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from bedplate.apply import certificate_status, site_status
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.config.release import Platform
from bedplate.hosts import egress_audit
from bedplate.hosts.preflight import gather_facts
from bedplate.hosts.preflight.login import PROBE_FAILED
from bedplate.hosts.preflight.wanted_hosts import WantedHosts
from bedplate.hosts.state import read_state
from bedplate.hosts.state.host_questions import HostQuestions
from factories.render_site import make_site

ANSWERS = {
    "nothing": b"",
    "a list": b"[]",
    "null": b"null",
    "a number": b"7",
    "a text": b'"ok"',
    "not JSON": b"\xff",
    "very deep": b"[" * 100_000,
    "a list of numbers": b"[1, 2]",
    "null in it": b'{"a": null}',
    "a list in it": b'{"a": [], "nftables": null}',
    "a deeper list": b'{"a": {"b": []}, "nftables": [{"counter": []}, {"set": 1}]}',
    "another time": b'{"a": {"kind": "serving", "ends": "soon"}, "nftables": [null]}',
    "no time": b'{"a": {"kind": "serving", "ends": NaN}, "nftables": {"counter": {}}}',
}


@pytest.fixture(params=ANSWERS, name="site")
def _site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return an environment whose hosts all print the same."""
    monkeypatch.setattr(Site, "state", tmp_path / "state")

    def run(_: Site, __: Host, words: list[str], **___: Any) -> CompletedProcess[bytes]:
        return CompletedProcess(words, 0, b"7.0" if words[0] == "date" else ANSWERS[request.param], b"")

    for module in (read_state, certificate_status, site_status, gather_facts):
        monkeypatch.setattr(module, "run_on_host", run)
    return make_site(tmp_path)


def test_a_state_in_another_shape_cannot_be_read(site: Site) -> None:
    """Apply then takes the state of that host as unreadable."""
    assert read_state.read_state(site, site.workers[0], HostQuestions(settings={"vm.swappiness": "0"})) == {}


def test_certificates_in_another_shape_are_not_listed(site: Site) -> None:
    """`status` shows those that can be read; here, no host's and none of the bastion's."""
    assert certificate_status.read_certificates(site) == []


def test_counters_in_another_shape_are_unknown(site: Site) -> None:
    """`status` shows no number for a host whose listing is another one."""
    assert site_status.read_outside(site, site.workers[0]) is None


def test_facts_in_another_shape_are_a_finding(site: Site) -> None:
    """Preflight names a host whose probe prints something else."""
    (found,) = gather_facts.probe_hosts(site, site.workers[:1], WantedHosts(Platform()))
    assert found.failure == PROBE_FAILED


@pytest.mark.parametrize("listing", ANSWERS.values(), ids=ANSWERS)
def test_another_listing_is_a_value_error(listing: bytes) -> None:
    """Who parses the audit's table has one kind of error to expect."""
    with pytest.raises(ValueError, match=r"."):
        egress_audit.parse(listing)
