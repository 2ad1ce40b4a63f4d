"""Commands on a site's hosts: without SSH on this computer, over SSH elsewhere, as root where that is needed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core.errors import BedplateError
from bedplate.hosts.host_command import run_on_host
from factories.local_hosts import local_site, silence

SSH = """#!/bin/sh
for word; do echo "$word"; done
exit 3
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return a site whose worker1 is reached by a program ssh that prints its arguments and fails."""
    program = tmp_path / "bin/ssh"
    program.parent.mkdir()
    program.write_text(SSH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    site = local_site(tmp_path)
    silence(site, ["worker1"], monkeypatch)
    return site


def _words(site: Site, host: Host, *, as_root: bool) -> str:
    done = run_on_host(site, host, ["nft", "list"], timeout=10, check=False, as_root=as_root)
    assert done.returncode == 3
    return done.stdout.decode().splitlines()[-1]


def test_a_command_on_this_computer_needs_no_ssh(site: Site) -> None:
    """The bastion asks itself, too."""
    done = run_on_host(site, site.hosts[0], ["cat"], timeout=10, stdin=b"here")
    assert done.stdout == b"here"


def test_a_command_runs_as_root_where_the_login_is_another_user(site: Site) -> None:
    """Without sudo, nft prints nothing to an ordinary user."""
    root, ops = site.hosts[2], site.hosts[2].model_copy(update={"user": "ops"})
    assert _words(site, root, as_root=True) == _words(site, ops, as_root=False) == "nft list"
    assert _words(site, ops, as_root=True).startswith("sh -c 'sudo -n true")
    assert _words(site, ops, as_root=True).endswith(" sh nft list")


def test_a_command_that_fails_is_an_error_if_it_is_checked(site: Site) -> None:
    """The error has the host and the exit code."""
    with pytest.raises(BedplateError, match="failed with exit code 3"):
        run_on_host(site, site.hosts[2], ["nft", "list"], timeout=10)
    with pytest.raises(BedplateError):
        run_on_host(site, site.hosts[0], ["false"], timeout=10)
    assert run_on_host(site, site.hosts[0], ["false"], timeout=10, check=False).returncode == 1
