"""How a command is sent to the bastion."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from bedplate import forward
from bedplate.environments import Site
from bedplate.errors import BedplateError
from bedplate.lab import address
from bedplate.lab.environment import ensure_environment
from bedplate.tools import command

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM8htMWF/2x9Wgk4nlNjJK5lG7m+AiTkTYtVkGC8pl1+"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A lab's environment, elsewhere than on its bastion."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return ensure_environment(address.reserve("second"), KEY, "2026.11.0")


def test_the_command_names_the_environment_as_the_bastion_knows_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path typed here becomes the name there, and words are quoted for the far shell."""
    seen: list[str] = []

    def attach(words: list[str]) -> int:
        seen.append(words[-1])
        return 7

    monkeypatch.setattr(forward, "send", lambda _: None)
    monkeypatch.setattr(command, "attach", attach)
    assert forward.run(site, ["verify", "./x/second", "--only", "a b"], "./x/second") == 7
    assert seen[0].endswith("/usr/local/bin/bedplate verify second --only 'a b'")


def test_a_bastion_lost_on_the_way_is_one_clear_line(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """SSH's own exit code 255 is no exit code of Bedplate's."""
    monkeypatch.setattr(forward, "send", lambda _: None)
    monkeypatch.setattr(command, "attach", lambda _: 255)
    with pytest.raises(BedplateError, match="was lost while the command ran"):
        forward.run(site, ["apply", "second"])


def test_only_the_environments_own_files_travel(site: Site) -> None:
    """A private key left in the folder stays where it is."""
    (site.folder / "secret.key").write_text("private")
    with tarfile.open(fileobj=io.BytesIO(forward._folder(site.folder))) as tar:
        assert set(tar.getnames()) == {"environment.yaml", "hosts.yaml", "known_hosts"}
