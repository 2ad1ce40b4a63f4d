"""How the bastion's packages are kept from starting their services."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.install import bastion_packages
from bedplate.install.target import Target

OTHERS = "#!/bin/sh\nexit 101\n"


@pytest.mark.parametrize(("before", "after"), [(None, None), (bastion_packages.NO_SERVICES, None), (OTHERS, OTHERS)])
def test_services_are_kept_from_starting_for_the_while(
    before: str | None, after: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our policy is there meanwhile and not afterwards, also one that a killed install left; another's stays."""
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(bastion_packages, "POLICY", policy)
    if before is not None:
        policy.write_text(before)
    with bastion_packages._no_services():
        assert policy.read_text() == (before or bastion_packages.NO_SERVICES)
    assert (policy.read_text() if policy.exists() else None) == after
    assert {path.name for path in tmp_path.iterdir()} <= {policy.name}


def test_a_killed_installs_policy_goes_where_nothing_is_to_be_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was killed after its last package: the next one has nothing to install, and services start again."""
    policy = tmp_path / "policy-rc.d"
    policy.write_text(bastion_packages.NO_SERVICES)
    monkeypatch.setattr(bastion_packages, "POLICY", policy)
    nothing = {"artifacts": [], "bastion": {"packages": []}}
    assert bastion_packages.install_packages(nothing, Target(tmp_path)) == "all there"
    assert not policy.exists()
