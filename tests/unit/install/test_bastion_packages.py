"""Keeping the bastion's packages from starting their services."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.install import bastion_packages
from bedplate.install.target import BastionTarget

OTHERS = "#!/bin/sh\nexit 101\n"
EARLIER = "#!/bin/sh\n# Bedplate installs packages, and starts their services later.\nexit 101\n"
"""What a killed install of any release leaves: releases differ in nothing of it."""


@pytest.mark.parametrize(("before", "after"), [(None, None), (EARLIER, None), (OTHERS, OTHERS)])
def test_services_are_kept_from_starting_meanwhile(
    before: str | None, after: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our policy is removed afterwards, even one that a killed install left behind; any other policy stays."""
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(bastion_packages, "POLICY", policy)
    if before is not None:
        policy.write_text(before)
    with bastion_packages._no_services():
        assert policy.read_text() == (before or bastion_packages.NO_SERVICES)
    assert (policy.read_text() if policy.exists() else None) == after
    assert {path.name for path in tmp_path.iterdir()} <= {policy.name}


def test_the_policy_of_a_killed_install_is_removed_even_if_nothing_is_left_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the install was killed after its last package, the next run has nothing to install but lets services start."""
    policy = tmp_path / "policy-rc.d"
    policy.write_text(EARLIER)
    monkeypatch.setattr(bastion_packages, "POLICY", policy)
    nothing = {"artifacts": [], "bastion": {"packages": []}}
    assert bastion_packages.install_packages(nothing, BastionTarget(tmp_path)) == "already installed"
    assert not policy.exists()
