"""The site of tests of steps that configure hosts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bedplate.apply import play_step, run_hosts
from bedplate.apply.ledger import Ledger
from bedplate.hosts.state.host_questions import HostQuestions
from factories.play_site import PlaySite, read_here


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlaySite]:
    """Return a site whose hosts' state is one file."""
    ledger = Ledger(tmp_path / "ledger.db")
    site = PlaySite(tmp_path, ledger)
    asked = HostQuestions(files=(str(site.file),))
    monkeypatch.setattr(play_step, "questions_of_step", lambda _, specs, __: {spec.host: asked for spec in specs})
    monkeypatch.setattr(run_hosts, "read_state", read_here)
    yield site
    ledger.close()
