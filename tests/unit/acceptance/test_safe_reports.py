"""Nothing that an acceptance test handles is printed: not in the report, not in the log, not on the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.acceptance import acceptance_report, runner
from bedplate.acceptance.acceptance_result import AcceptanceCheck
from bedplate.acceptance.failure_text import REMOVED, Redactor
from bedplate.acceptance.recorder import Recorder
from bedplate.acceptance.safe_reports import SafeReports
from factories.acceptance_pytest import run_of, use_plain_assertions

PLANTED = "correct horse battery staple"
"""A token that no pattern recognizes."""
TEXT = """
import logging, sys
import pytest

SECRET = " ".join(["correct", "horse", "battery", "staple"])
POD = {"metadata": {"name": "notebook-ada"}, "env": [{"name": "JUPYTERHUB_API_TOKEN", "value": SECRET}]}

@pytest.fixture
def broken():
    raise RuntimeError(f"cannot use {POD}")

@pytest.fixture
def left_over():
    yield
    raise RuntimeError(f"cannot remove {POD}")

def test_compares():
    assert POD == {}

def test_unpacks():
    [one] = [POD, POD]

def test_looks_up():
    {"a": 1}[SECRET]

def test_raises():
    raise ValueError(f"too many values: {POD}")

def test_chains():
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        raise RuntimeError(SECRET) from error

def test_asserts_elsewhere():
    import unittest
    unittest.TestCase().assertEqual(POD, {})

def test_uses_what_is_broken(broken):
    pass

def test_uses_what_is_left(left_over):
    pass

def test_prints():
    print(POD)
    sys.stderr.write(SECRET)
    logging.getLogger("testinfra").error("ran %s", POD)
    assert False, "printed"

def test_warns():
    import warnings
    warnings.warn(SECRET)
    assert False, "warned"

def test_exits():
    sys.exit(SECRET)
"""


@pytest.fixture
def recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[list[AcceptanceCheck], str]:
    """Return the checks of TEXT, and everything that was written or printed."""
    use_plain_assertions(monkeypatch)
    path, log = tmp_path / "test_part.py", tmp_path / "out" / "pytest.log"
    path.write_text(TEXT)
    recorder = Recorder({path: "part"}, lambda _: None, lambda _: None)
    redactor = Redactor()
    runner.run_pytest({path: "part"}, [SafeReports([path], redactor), recorder], log, redactor)
    acceptance_report.write(run_of(*recorder.checks), log.parent)
    printed = capsys.readouterr()
    written = "".join(one.read_text() for one in log.parent.iterdir())
    return recorder.checks, written + printed.out + printed.err


def test_no_value_of_a_test_is_written(recorded: tuple[list[AcceptanceCheck], str]) -> None:
    """However a test fails, the values that it handled are neither in the report nor in the log."""
    checks, written = recorded
    assert len(checks) == TEXT.count("def test_")
    assert {check.outcome for check in checks} == {"failed"}
    assert PLANTED not in written
    assert "notebook-ada" not in written


def test_a_failure_says_what_and_where(recorded: tuple[list[AcceptanceCheck], str]) -> None:
    """A test's own message is quoted; of other errors, the report has the type and the line of the test."""
    details = {check.id.removeprefix("part/"): check.detail for check in recorded[0]}
    line = TEXT.splitlines().index("    [one] = [POD, POD]") + 1
    assert details["prints"] == "printed"
    assert details["unpacks"] == f"ValueError at test_part.py:{line}: [one] = [POD, POD]"
    assert details["compares"].endswith("assert POD == {}")


def test_what_was_learned_is_removed(tmp_path: Path) -> None:
    """Values of the environment's secrets, and tokens of the run, are removed from every text."""
    (tmp_path / "proxy").mkdir()
    (tmp_path / "proxy" / "auth-token").write_text("swordfish-1\n")
    (tmp_path / "pin").write_text("1234")
    redactor = Redactor()
    redactor.learn_files(tmp_path)
    redactor.learn("tuna-casserole")
    assert redactor.clean("a swordfish-1 b tuna-casserole c 1234") == f"a {REMOVED} b {REMOVED} c 1234"


@pytest.mark.parametrize(
    "text",
    [
        "token: {}",
        "Authorization: Bearer {}",
        '{{"name": "JUPYTERHUB_API_TOKEN", "value": "{}"}}',
        "{{'name': 'DB_PASSWORD', 'value': '{}'}}",
        "PASSWORD={}",
        "api_key = '{}'",
        "_xsrf={}; path=/",
    ],
)
def test_what_looks_like_a_secret_is_removed(text: str) -> None:
    """Values next to words such as token and password are removed, also if nobody declared them."""
    cleaned = Redactor().clean(text.format("hunter2"))
    assert "hunter2" not in cleaned
    assert REMOVED in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "0123456789abcdef0123456789abcdef",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln",
        "scrypt$32768$8$1$c2FsdA==$a2V5",
        "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
    ],
    ids=["random word", "JWT", "hash of a password", "private key"],
)
def test_secrets_without_a_name_are_removed(text: str) -> None:
    """Random words, JWTs, hashes of passwords and private keys are removed wherever they are."""
    assert text.splitlines()[-2 if "\n" in text else 0] not in Redactor().clean(f"it said {text}")


@pytest.mark.parametrize(
    "text",
    [
        "kube-state-metrics-7d9c5b8f6d-abcde is not ready",
        f"sha256:{'0123456789abcdef' * 4} is not in the bundle",
        "registry.k8s.io/kube-apiserver:v1.34.3",
        "/var/lib/bedplate/lab/log/acceptance/20261128T111532Z-1a2b3c4d/report.html",
        "3 lookups of outside names, the last: pypi.org. from 198.18.129.7",
        "bedplate-acceptance, group analysts: create secrets in the cluster is permitted",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    """Names, digests, images, paths and addresses are not taken for secrets."""
    assert Redactor().clean(text) == text
