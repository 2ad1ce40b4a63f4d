"""The exit codes of `bedplate drift`, by which a script tells drift from what it could not find out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bedplate import cli
from bedplate.apply import installation
from bedplate.cli import drift as command
from bedplate.core.errors import BedplateError, ErrorList, InputError
from bedplate.drift import read_drift
from bedplate.drift.drift_difference import Drift
from bedplate.remote import bastion
from factories.render_site import make_site

SITE_OF_TESTS = make_site(Path("/nonexistent"))
NOTHING: dict[str, Any] = {"environment": "x", "release": "1", "applied": "1", "looked": 1, "objects": (), "hosts": ()}


class AnyDrift(Drift):
    """Drift of one object."""

    @property
    def is_drifted(self) -> bool:
        """Return true."""
        return True


RESULTS: dict[str, tuple[object, int]] = {
    "no drift": (Drift(**NOTHING), command.SAME),
    "drift": (AnyDrift(**NOTHING), command.DRIFTED),
    "a host that does not answer": (Drift(**NOTHING, unknown=("worker1",)), command.UNKNOWN),
    "a cluster that does not answer": (BedplateError("kubectl", "failed"), command.UNKNOWN),
    "several failures": (ErrorList([BedplateError("one", "failed"), BedplateError("two", "failed")]), command.UNKNOWN),
    "a wrong environment": (InputError("key x", "is unknown"), 2),
}


@pytest.mark.parametrize("what", RESULTS)
def test_every_outcome_has_a_code_of_its_own(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """0 no drift, 1 drift, 2 bad input, 3 unknown: also where the command fails as a whole."""
    outcome, code = RESULTS[what]

    def read(*_: object, **__: object) -> Drift:
        if isinstance(outcome, Drift):
            return outcome
        assert isinstance(outcome, Exception)
        raise outcome

    monkeypatch.setattr(bastion, "run_on_bastion", lambda _: SITE_OF_TESTS)
    monkeypatch.setattr(installation, "load", lambda _: None)
    monkeypatch.setattr(read_drift, "read_drift", read)
    monkeypatch.setattr(sys, "argv", ["bedplate", "drift", "lab"])
    done = CliRunner().invoke(cli.build(["drift", "lab"]), ["drift", "lab"])
    found = done.exception.exit_code if isinstance(done.exception, BedplateError | ErrorList) else done.exit_code
    assert found == code


def test_a_bastion_that_does_not_answer_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """From another machine, too: without a connection, nothing is known."""

    def refused(_: str) -> None:
        raise BedplateError("SSH to bastion", "failed")

    monkeypatch.setattr(bastion, "run_on_bastion", refused)
    done = CliRunner().invoke(cli.build(["drift", "lab"]), ["drift", "lab"])
    assert isinstance(done.exception, BedplateError)
    assert done.exception.exit_code == command.UNKNOWN
