"""Who runs a command, and from which revision of the environment."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bedplate.remote import caller
from bedplate.remote.caller import Caller, read_caller


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an environment's folder in a git repository with one commit."""
    for name in (caller.USER, caller.REVISION, "SUDO_USER"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "inventory/bank"
    folder.mkdir(parents=True)
    (folder / "environment.yaml").write_text("name: bank\n")
    author = ["-c", "user.name=ada", "-c", "user.email=ada@site.test"]
    for words in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "one"]):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)
    return folder


def test_the_revision_says_whether_the_environment_was_changed_since(checkout: Path) -> None:
    """A change elsewhere in the repository does not count."""
    head = subprocess.run(["git", "-C", checkout, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    (checkout.parent / "notes").touch()
    assert read_caller(checkout).revision == head.stdout.strip()
    (checkout / "hosts.yaml").touch()
    assert read_caller(checkout).revision == head.stdout.strip() + "-dirty"


def test_a_folder_without_git_has_no_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor has a computer without git; the command runs all the same."""
    assert read_caller(tmp_path).revision == ""
    monkeypatch.setenv("PATH", "/nonexistent")
    assert read_caller(tmp_path).revision == ""


def test_the_computer_that_forwarded_the_command_counts(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the bastion everyone is root, so the sender's user and revision are recorded."""
    monkeypatch.setenv("SUDO_USER", "ada")
    sent = read_caller(checkout)
    assert sent.user.startswith("ada@")
    monkeypatch.setenv("SUDO_USER", "operator")
    for name, value in sent.variables().items():
        monkeypatch.setenv(name, value)
    assert read_caller(Path("/etc")) == Caller(sent.user, sent.revision)
