"""The lab's environment: the template in inventory/lab, and the copy that a lab gets."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bedplate import cli
from bedplate.config import environments
from bedplate.lab import lab_address
from bedplate.lab.lab_environment import ensure_environment, template_folder

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM8htMWF/2x9Wgk4nlNjJK5lG7m+AiTkTYtVkGC8pl1+"


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_check_lab_passes_before_there_is_a_lab() -> None:
    """The example in the help of `bedplate check` works in a fresh clone."""
    done = CliRunner().invoke(cli.build(["check"]), ["check", "lab"])
    assert (done.exit_code, done.output) == (0, "lab: no errors\n")


def test_nobody_can_sign_with_the_templates_key() -> None:
    """Its bytes are a hash, so there is no private half that someone could have kept."""
    key = environments.load(template_folder()).environment.publisher.split()[1]
    assert base64.b64decode(key)[-32:] == hashlib.sha256(b"bedplate lab").digest()


def test_a_lab_trusts_its_own_publisher_alone() -> None:
    """The template's key does not stay in a lab's environment."""
    site = ensure_environment(lab_address.reserve_lab("one"), KEY, "2026.11.0")
    assert site.environment.publisher == KEY
