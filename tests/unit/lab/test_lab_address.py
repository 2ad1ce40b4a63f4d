"""Labs by name and number, and the environment that each copies from inventory/lab."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.core.errors import InputError
from bedplate.lab import kernel_settings, lab_address
from bedplate.lab.lab_environment import ensure_environment

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM8htMWF/2x9Wgk4nlNjJK5lG7m+AiTkTYtVkGC8pl1+ someone"


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_numbers_are_unique_and_zero_is_reserved() -> None:
    """The lab named lab has number 0; others get the first free number, and keep it."""
    numbers = [lab_address.reserve_lab(name).number for name in ("bedplate-test", "lab", "second", "bedplate-test")]
    assert numbers == [1, 0, 2, 1]
    assert [lab.name for lab in lab_address.all_labs()] == ["bedplate-test", "lab", "second"]
    lab_address.find_lab("bedplate-test").file.unlink()
    assert lab_address.reserve_lab("third").number == 1


def test_a_lab_has_its_own_network_and_names() -> None:
    """Labs share neither addresses nor containers."""
    lab = lab_address.Lab("second", 3)
    assert str(lab.network) == "198.18.3.0/24"
    assert str(lab.gateway) == "198.18.3.1"
    assert lab.container("cp1") == "bedplate-second-cp1"


@pytest.mark.parametrize("name", ["", "Lab", "a b", "../x", "x" * 64])
def test_a_bad_name_is_refused(name: str) -> None:
    """A lab's name is used for files and containers, so it must be a DNS label."""
    with pytest.raises(InputError):
        lab_address.reserve_lab(name)


def test_an_unknown_lab_is_refused_with_the_existing_ones() -> None:
    """The error helps to correct the name."""
    lab_address.reserve_lab("lab")
    with pytest.raises(InputError, match="existing labs: lab"):
        lab_address.find_lab("lap")


def test_the_environment_has_the_labs_addresses_key_and_name() -> None:
    """Only these differ from inventory/lab; the gateway counts as outside."""
    site = ensure_environment(lab_address.reserve_lab("second"), KEY, "2026.11.0")
    assert site.environment.name == "second"
    assert site.environment.publisher == " ".join(KEY.split()[:2])
    assert {str(host.address) for host in site.hosts} == {"198.18.1.10", "198.18.1.11", "198.18.1.12"}
    assert [str(address) for address in site.environment.network.outside] == ["198.18.1.1"]
    assert str(site.environment.network.pods) == "198.18.128.0/17"
    assert len(site.known_hosts.read_text().splitlines()) == len(site.hosts)


def test_kernel_settings_exclude_counters_and_identifiers() -> None:
    """Writable files that are not settings are left out."""
    settings = kernel_settings.read_settings()
    assert "vm/overcommit_memory" in settings
    assert "kernel/random/uuid" not in settings
