"""Locks and checkpoints of stacks, with the release's own Pulumi: nobody's run is broken, and no cut file is final."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bedplate.cluster import stack_state
from bedplate.cluster.stack_name import StackName
from bedplate.core.errors import BedplateError
from factories.shop_objects import service, settings
from factories.small_platform import LAYER, SmallPlatform

STACK = StackName(LAYER)


def _write_lock(shop: SmallPlatform, **owner: object) -> Path:
    """Write a lock as Pulumi does, and return its path."""
    folder = stack_state.backend(shop.site) / "locks/organization" / STACK.project / STACK.in_pulumi(shop.site)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "11111111-2222-4333-8444-555555555555.json"
    known = {"username": "ada", "hostname": socket.gethostname(), "timestamp": "2026-11-28T12:00:00Z"}
    path.write_text(json.dumps({**known, **owner}))
    return path


@pytest.fixture
def running(shop: SmallPlatform) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that the system knows as `pulumi`."""
    folder = shop.site.state / "bin"
    folder.mkdir()
    shutil.copy("/bin/sleep", folder / "pulumi")
    process = subprocess.Popen([folder / "pulumi", "600"])
    yield process
    process.kill()
    process.wait()


def test_a_running_update_is_not_cancelled(shop: SmallPlatform, running: subprocess.Popen[bytes]) -> None:
    """While another Pulumi runs on the stack, an apply stops, names it, and leaves its lock alone."""
    shop.apply(settings(shop))
    lock = _write_lock(shop, pid=running.pid)
    with pytest.raises(BedplateError, match=rf"is being changed by another Pulumi \(process {running.pid} of ada"):
        shop.apply(settings(shop, color="red"))
    assert lock.exists()
    running.kill()
    running.wait()
    assert shop.apply().changed == 1
    assert not lock.exists()


def test_the_lock_of_a_killed_run_is_removed(shop: SmallPlatform) -> None:
    """A lock whose number another program has now does not stop an apply, and neither does a lock that was cut."""
    shop.apply(settings(shop))
    lock = _write_lock(shop, pid=os.getpid())
    locks = [lock, lock.with_name("cut.json")]
    locks[1].write_text("")
    assert shop.apply(settings(shop, color="red")).changed == 1
    assert [lock for lock in locks if lock.exists()] == []


def test_a_lock_of_another_machine_is_respected(shop: SmallPlatform) -> None:
    """Whether a process on another machine runs cannot be seen from here."""
    shop.apply(settings(shop))
    _write_lock(shop, pid=1, hostname="elsewhere")
    with pytest.raises(BedplateError, match="on elsewhere") as caught:
        shop.apply(settings(shop, color="red"))
    assert "bedplate pulumi ENV foundation -- cancel" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "copies"),
    [(b"", True), (b'{"version": 3, "checkpoint": {"sta', False)],
    ids=["empty, with copies", "cut, without copies"],
)
def test_a_cut_checkpoint_does_not_stop_an_apply(content: bytes, copies: bool, shop: SmallPlatform) -> None:  # noqa: FBT001
    """The state is restored from a copy; without one, the objects in the cluster are taken over, none is replaced."""
    shop.apply(settings(shop), service(shop))
    before = shop.get("service", "web")["metadata"]["uid"]
    state = stack_state.state_file(shop.site, STACK)
    state.write_bytes(content)
    if not copies:
        shutil.rmtree(shop.site.state / "pulumi/copies")
        for path in state.parent.glob(f"{state.name}.bak*"):
            path.unlink()
    shop.apply(settings(shop, color="red"), service(shop))
    assert shop.get("configmap", "settings")["data"] == {"color": "red"}
    assert shop.get("service", "web")["metadata"]["uid"] == before
    assert shop.apply().changed == 0


def test_open_operations_of_a_killed_run_are_forgotten(shop: SmallPlatform) -> None:
    """An operation that a killed run left open is forgotten, and made again if it was not completed."""
    shop.apply(settings(shop))
    path = stack_state.state_file(shop.site, STACK)
    state = json.loads(path.read_bytes())
    latest = state["checkpoint"]["latest"]
    begun = next(one for one in latest["resources"] if one.get("inputs", {}).get("kind") == "ConfigMap")
    latest["resources"].remove(begun)
    latest["pending_operations"] = [{"resource": {**begun, "id": ""}, "type": "creating"}]
    path.write_text(json.dumps(state))
    shop.kubectl("delete", "configmap", "settings")
    assert shop.apply().changed == 1
    assert shop.get("configmap", "settings")["data"] == {"color": "blue"}
    assert not stack_state.has_pending_operations(stack_state.read_state(path))
