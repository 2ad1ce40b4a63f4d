"""The lab as its user sees it."""

from __future__ import annotations

import json
import subprocess
import time

from bedplate.remote import bastion
from factories.standing_lab import Machine, Standing

WORKER = "worker1"
PROMISED = {
    "hosts/every_image_came_from_the_mirror",
    "hosts/every_image_is_the_bundles",
    "hosts/nothing_tried_to_leave",
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
}
"""Checks that this product stands for."""
LOADED_BY_PODMAN: frozenset[str] = frozenset()
"""Modules that podman's network loads, where the developer's machine had not loaded them."""
CLOCK_SECONDS = 0.5
"""What a machine's own time service may correct meanwhile."""


def test_status_says_ready_and_that_nothing_left(lab: Standing) -> None:
    """Every node is Ready, the release is there, and no packet tried to leave."""
    found = lab.answer("lab", "status", "--name", lab.lab.name)
    assert found["nodes"] == {"cp1": "Ready", "worker1": "Ready"}
    assert found["release"] == lab.site.environment.release
    assert found["packets_outside"] == 0
    assert {machine["state"] for machine in found["machines"].values()} == {"running"}


def test_status_is_a_table_for_people(lab: Standing) -> None:
    """Each machine has a line with its address and state, and each node says that it is ready."""
    done = lab.bedplate("lab", "status", "--name", lab.lab.name)
    assert done.returncode == 0
    for host in lab.site.hosts:
        (line,) = (line for line in done.stdout.splitlines() if str(host.address) in line)
        assert {host.name, "running"} <= set(line.split())
    assert done.stdout.count("Ready") == 2


def test_the_developers_machine_is_as_it_was(lab: Standing) -> None:
    """Sysctls, swap, modules and clock are what they were before the lab came up."""
    now = Machine()
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


def test_a_second_up_is_quick(lab: Standing) -> None:
    """Where all is there, `lab up` builds, copies and changes nothing."""
    began = time.monotonic()
    done = lab.bedplate("lab", "up", "--name", lab.lab.name)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 5 * 60


def test_nothing_comes_from_the_lab_into_the_developers_machine(lab: Standing) -> None:
    """A machine of the lab has no default route, and the developer's machine drops what it sends."""
    assert lab.inside("ip", "route", "show", "default") == ""
    before = _dropped(lab)
    knock = f"import socket; socket.create_connection(('{lab.lab.gateway}', 22), timeout=1)"
    assert "TimeoutError" in lab.at(WORKER, "sh", "-c", f'python3 -c "{knock}" 2>&1', check=False)
    lab.at(WORKER, "systemctl", "restart", "bedplate-audit")
    assert _dropped(lab) > before


def test_the_acceptance_run_passed_whole(lab: Standing) -> None:
    """`lab up` checked all that is promised, skipped nothing, and nothing tried to leave; its report is here."""
    newest = max(bastion.reports_folder(lab.lab.name).iterdir())
    found = json.loads((newest / "report.json").read_bytes())
    assert (found["green"], found["failed"], found["skipped"], found["packets_outside"]) == (True, 0, 0, 0)
    assert {one["id"] for one in found["checks"]} >= PROMISED


def test_what_leaves_is_shown_and_turns_the_run_red(lab: Standing) -> None:
    """The gateway counts as outside: one packet there is in the status and in the acceptance run, until it is reset."""
    send = f"import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'out', ('{lab.lab.gateway}', 9))"
    try:
        lab.at(WORKER, "python3", "-c", send)
        assert lab.answer("lab", "status", "--name", lab.lab.name)["packets_outside"] == 1
        done = lab.bedplate("verify", lab.lab.name, "--output", "json")
        found = json.loads(done.stdout)
        assert (done.returncode, found["green"], found["packets_outside"]) == (1, False, 1)
        assert [one["id"] for one in found["checks"] if one["outcome"] == "failed"] == ["hosts/nothing_tried_to_leave"]
    finally:
        lab.at(WORKER, "systemctl", "restart", "bedplate-audit")
    assert lab.answer("lab", "status", "--name", lab.lab.name)["packets_outside"] == 0


def test_a_shell_on_each_machine(lab: Standing) -> None:
    """`lab shell` runs a command on a machine and ends with its exit code; for an unknown one it names all."""
    for machine in ("bastion", "cp1", WORKER):
        done = lab.bedplate("lab", "shell", "--name", lab.lab.name, machine, "sh", "-c", "hostname; exit 3")
        assert (done.returncode, done.stdout) == (3, f"{machine}\n")
    done = lab.bedplate("lab", "shell", "--name", lab.lab.name, "cp9")
    assert (done.returncode, "one of bastion, cp1, worker1" in done.stderr) == (2, True)


def _dropped(lab: Standing) -> int:
    """Return how many packets from the lab's machines to the developer's own were dropped."""
    words = ["nft", "-j", "list", "chain", "inet", lab.lab.bridge.replace("-", "_"), "input"]
    rules = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)["nftables"]
    parts = [part for one in rules if "rule" in one for part in one["rule"]["expr"]]
    return sum(part["counter"]["packets"] for part in parts if "counter" in part)
