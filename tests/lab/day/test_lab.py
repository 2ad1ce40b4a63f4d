"""The lab from its user's view: status, repeated `lab up`, shells, and the acceptance run."""

from __future__ import annotations

import json
import subprocess
import time

from bedplate.remote import bastion
from factories.running_lab import DeveloperMachine, RunningLab

WORKER = "worker1"
NO_PACKET_LEFT = "hosts/nothing_tried_to_leave"
PROMISED = {
    "hosts/every_host_answers",
    "hosts/every_image_is_the_bundles",
    "hosts/images_come_from_the_mirror",
    NO_PACKET_LEFT,
    "hosts/outside_addresses_are_counted",
    "hosts/running_programs_are_the_installed_ones",
    "hosts/services_are_active",
    "hosts/what_a_pod_sends_out_is_counted",
    "hosts/what_leaves_is_counted",
    "alertmanager/a_test_alert_arrives",
    "coredns/nobody_asked_for_an_outside_name",
    "coredns/questions_for_outside_names_are_seen",
    "jupyterhub/a_namespace_of_others_is_refused",
    "jupyterhub/a_user_computes",
    "jupyterhub/files_stay",
    "kubernetes/every_node_is_ready",
    "prometheus/every_expected_target_is_up",
    "prometheus/the_page_is_served",
    "tenants/a_notebook_is_reached_by_hub_and_owner_only",
    "tenants/groups_have_their_rights_and_no_others",
    "tenants/namespaces_are_isolated",
    "tenants/tenants_cannot_open_their_networks",
}
"""Checks that must be in every acceptance run."""
LOADED_BY_PODMAN: frozenset[str] = frozenset()
"""Kernel modules that podman's network may load on the developer's machine."""
CLOCK_SECONDS = 0.5
"""What the developer's machine's own time service may correct during the tests."""


def test_status_says_ready_and_no_packet_left(lab: RunningLab) -> None:
    """Every node is Ready, the release is applied, and no packet tried to leave."""
    found = lab.answer("lab", "status", "--name", lab.lab.name)
    assert found["nodes"] == {"cp1": "Ready", "worker1": "Ready"}
    assert found["release"] == lab.site.environment.release
    assert found["packets_outside"] == 0
    assert {machine["state"] for machine in found["machines"].values()} == {"running"}


def test_status_is_a_table_for_people(lab: RunningLab) -> None:
    """Each machine has a line with its address and state, and each node is shown as Ready."""
    done = lab.bedplate("lab", "status", "--name", lab.lab.name)
    assert done.returncode == 0
    for host in lab.site.hosts:
        (line,) = (line for line in done.stdout.splitlines() if str(host.address) in line)
        assert {host.name, "running"} <= set(line.split())
    assert done.stdout.count("Ready") == 2


def test_the_developers_machine_is_as_it_was(lab: RunningLab) -> None:
    """Sysctls, swap, modules and clock are as before the lab was created."""
    now = DeveloperMachine()
    changed = {
        name: (value, now.settings.get(name, ""))
        for name, value in lab.before.settings.items()
        if now.settings.get(name, value) != value
    }
    assert changed == {}
    assert now.swaps == lab.before.swaps
    assert now.modules - lab.before.modules <= LOADED_BY_PODMAN
    assert lab.before.modules <= now.modules
    assert abs(now.clock - lab.before.clock) < CLOCK_SECONDS


def test_a_second_up_is_quick(lab: RunningLab) -> None:
    """If everything is in place, `lab up` builds, copies and changes nothing."""
    began = time.monotonic()
    done = lab.bedplate("lab", "up", "--name", lab.lab.name)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 5 * 60


def test_the_developers_machine_drops_packets_of_the_lab(lab: RunningLab) -> None:
    """A machine of the lab has no default route, and the developer's machine drops what it sends."""
    assert lab.inside("ip", "route", "show", "default") == ""
    before = _dropped(lab)
    connect = f"import socket; socket.create_connection(('{lab.lab.gateway}', 22), timeout=1)"
    assert "TimeoutError" in lab.at(WORKER, "sh", "-c", f'python3 -c "{connect}" 2>&1', check=False)
    lab.at(WORKER, "systemctl", "restart", "bedplate-audit")
    assert _dropped(lab) > before


def test_the_acceptance_run_passed(lab: RunningLab) -> None:
    """In the report of `lab up`, every promised check passed, none was skipped, and no packet tried to leave."""
    newest = max(bastion.reports_folder(lab.lab.name).iterdir())
    found = json.loads((newest / "report.json").read_bytes())
    assert (found["green"], found["failed"], found["skipped"], found["packets_outside"]) == (True, 0, 0, 0)
    assert {check["id"] for check in found["checks"]} >= PROMISED


def test_a_packet_that_leaves_is_shown_and_fails_the_run(lab: RunningLab) -> None:
    """A packet to the gateway counts as outside: status shows it, and the acceptance run fails."""
    send = f"import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'out', ('{lab.lab.gateway}', 9))"
    try:
        lab.at(WORKER, "python3", "-c", send)
        assert lab.answer("lab", "status", "--name", lab.lab.name)["packets_outside"] == 1
        done = lab.bedplate("verify", lab.lab.name, "--output", "json")
        found = json.loads(done.stdout)
        assert (done.returncode, found["green"], found["packets_outside"]) == (1, False, 1)
        assert [check["id"] for check in found["checks"] if check["outcome"] == "failed"] == [NO_PACKET_LEFT]
    finally:
        lab.at(WORKER, "systemctl", "restart", "bedplate-audit")
    assert lab.answer("lab", "status", "--name", lab.lab.name)["packets_outside"] == 0


def test_a_shell_on_each_machine(lab: RunningLab) -> None:
    """`lab shell` runs a command on a machine and returns its exit code; for an unknown machine, it names all."""
    for machine in ("bastion", "cp1", WORKER):
        done = lab.bedplate("lab", "shell", "--name", lab.lab.name, machine, "sh", "-c", "hostname; exit 3")
        assert (done.returncode, done.stdout) == (3, f"{machine}\n")
    done = lab.bedplate("lab", "shell", "--name", lab.lab.name, "cp9")
    assert (done.returncode, "one of bastion, cp1, worker1" in done.stderr) == (2, True)


def _dropped(lab: RunningLab) -> int:
    """Return how many packets from the lab's machines to the developer's own were dropped."""
    words = ["nft", "-j", "list", "chain", "inet", lab.lab.bridge.replace("-", "_"), "input"]
    rules = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)["nftables"]
    parts = [part for item in rules if "rule" in item for part in item["rule"]["expr"]]
    return sum(part["counter"]["packets"] for part in parts if "counter" in part)
