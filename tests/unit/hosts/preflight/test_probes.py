"""Preflight's two probes, run on this machine, and how a host is chosen to be probed."""

from __future__ import annotations

import json
import sys
from ipaddress import IPv4Address
from pathlib import Path
from types import ModuleType

import pytest

from bedplate.core import command
from bedplate.hosts import host_command
from bedplate.hosts.preflight import probe, site_probe
from bedplate.hosts.preflight.facts import Facts

PINNED = {"query_packages": ["for name; do echo $name 1:1.0; done", "exit 1"], "pinned": ["runc"]}


def test_the_probe_gathers_all_facts_on_this_machine() -> None:
    """Run from standard input, as over SSH, the two probes print JSON that fits Facts."""
    packages = {"list_packages": ["echo ok docker.io"], "conflicting_packages": ["docker.io", "docker-ce"]}
    parameters = json.dumps({"names": ["localhost"], "reach": [["127.0.0.1", 1]], **packages})
    done = command.run([sys.executable, "-", parameters], stdin=Path(probe.__file__).read_bytes())
    own = command.run(
        [
            sys.executable,
            "-",
            json.dumps({"settings": ["kernel.panic"], "list_held": ["echo less", "exit 1"], **PINNED}),
        ],
        stdin=Path(site_probe.__file__).read_bytes(),
    )
    facts = Facts.model_validate({**json.loads(done.stdout), **json.loads(own.stdout)})
    assert facts.held == ["less"]
    assert facts.versions == {"runc": "1:1.0"}
    assert facts.settings == {"kernel.panic": Path("/proc/sys/kernel/panic").read_text().strip()}
    assert facts.names == {"localhost": ["127.0.0.1"]}
    assert facts.packages == ["docker.io"]
    assert facts.reached["127.0.0.1:1"]
    assert "127.0.0.1" in facts.addresses
    assert facts.disk.fsync_count > 0
    assert 0 < facts.disk.fsync_p50_ms <= facts.disk.fsync_p99_ms
    assert not list(Path("/var/lib").glob(".bedplate-probe-*"))


@pytest.mark.parametrize("module", [probe, site_probe])
def test_the_probes_need_only_the_standard_library(module: ModuleType) -> None:
    """They import nothing of Bedplate, which hosts do not have."""
    source = Path(str(module.__file__)).read_text()
    assert "bedplate." not in source.replace(".bedplate-", "")


def test_lines_of_kernel_settings_are_read_in_the_order_of_their_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files apply by name over all folders, the first folder's file hides others of its name, sysctl.conf is last."""
    first, second = tmp_path / "etc", tmp_path / "usr"
    written = {
        first / "99-cis.conf": "# net.ipv4.ip_forward = 7\nnet/ipv4/ip_forward=0\nkernel.panic = 1\n",
        first / "zz.conf": "-net.ipv4.ip_forward = 1",
        second / "50-default.conf": "net.ipv4.ip_forward = 2",
        second / "zz.conf": "net.ipv4.ip_forward = 3",
        tmp_path / "sysctl.conf": "net.ipv4.ip_forward = 4",
    }
    for path, text in written.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (first / "99-sysctl.conf").symlink_to(tmp_path / "sysctl.conf")
    monkeypatch.setattr(site_probe, "SETTING_FOLDERS", (str(first), str(second)))
    monkeypatch.setattr(site_probe, "PROCPS_FILE", str(tmp_path / "sysctl.conf"))
    lines = site_probe.setting_lines(["net.ipv4.ip_forward"])
    assert [(line["value"], Path(line["file"]).name) for line in lines] == [
        ("2", "50-default.conf"),
        ("0", "99-cis.conf"),
        ("1", "zz.conf"),
        ("4", "sysctl.conf"),
    ]


def test_this_machine_is_probed_without_ssh() -> None:
    """An address of this machine needs no login."""
    assert host_command.is_own_address(IPv4Address("127.0.0.1"))
    assert not host_command.is_own_address(IPv4Address("198.18.255.254"))
