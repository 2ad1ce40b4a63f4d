"""Steps of the cluster: namespaces that leave and return, waiting for workloads, and what is not done."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from bedplate.apply import apply_layer, ready_workloads
from bedplate.apply.apply_layer import ApplyLayer
from bedplate.apply.check_inputs import check_inputs
from bedplate.apply.installation import Installation
from bedplate.apply.remove_namespaces import RemoveNamespaces, leaving_namespaces
from bedplate.apply.run_hosts import choose_hosts
from bedplate.apply.start_control_plane import StartControlPlane
from bedplate.apply.step import Journal, Outcome
from bedplate.apply.steps import phases
from bedplate.cluster import admin_kubeconfig, kubectl, removal, stack_state
from bedplate.cluster.stack_name import StackName
from bedplate.core.errors import BedplateError, InputError
from bedplate.kube.object_id import ObjectId
from bedplate.object_drift.layer_drift import LayerDrift
from factories.render_installation import make_installation, use_state
from factories.render_site import make_site

Json = dict[str, Any]
HUB = ObjectId("apps", "Deployment", "notebooks", "hub")
HUB_OBJECT = {"metadata": {"name": "hub"}, "spec": {"selector": {"matchLabels": {"app": "hub"}}}}
NO_NODE = ("Unschedulable", "SchedulingGated")


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Return an environment with certificates."""
    use_state(tmp_path / "state", monkeypatch)
    return make_installation(tmp_path / "environment")


def _silent(*_: Any, **__: Any) -> Any:
    raise BedplateError("kubectl", "did not answer")


def test_steps_say_what_they_do(installation: Installation) -> None:
    """What people see of each step, and where it works."""
    steps = [
        step
        for phase in phases(installation, choose_hosts(installation.site, None), is_installed=False)
        for step in phase.steps
    ]
    assert [(step.title, step.where) for step in steps] == [
        ("Check hosts", "all hosts"),
        ("Create certificates and secrets", "bastion"),
        ("Publish the mirror", "bastion"),
        ("Serve images, packages and files", "bastion"),
        ("Configure hosts", "bastion, cp1, worker1"),
        ("Start the control plane", "cp1"),
        ("Join workers", "worker1"),
        ("Remove namespaces", "cluster"),
        ("Apply layer foundation", "cluster"),
        ("Apply layer monitoring", "cluster"),
        ("Apply layer notebooks", "cluster"),
    ]  # fmt: skip


class Namespaces:
    """A cluster's namespaces, of which some were applied and some closed.

    Attributes:
        applied: those that stacks have.
        live: those that exist.
        closed: those that were closed.
        done: what the step did.
        stuck: pods that cannot end, by namespace.
    """

    def __init__(self, patch: pytest.MonkeyPatch, wanted: set[str]) -> None:
        """Answer instead of the cluster."""
        self.applied, self.live, self.closed = set(wanted), set(wanted), set[str]()
        self.done: list[tuple[str, str]] = []
        self.stuck: dict[str, list[str]] = {}
        patch.setattr(stack_state, "applied", lambda _: {StackName("foundation"): self._objects()})
        patch.setattr(removal, "live_namespaces", lambda _: self.live)
        patch.setattr(removal, "closed_namespaces", lambda _: self.closed)
        patch.setattr(removal, "empty_namespace", lambda _, name: self._empty(name))
        patch.setattr(removal, "open_namespace", lambda _, name: self.done.append(("open", name)))

    def _empty(self, name: str) -> list[str]:
        self.done.append(("empty", name))
        return self.stuck.get(name, [])

    def _objects(self) -> dict[ObjectId, Json]:
        names = [ObjectId("", "Namespace", "", name) for name in self.applied]
        return {identity: {} for identity in (*names, HUB)}


@pytest.fixture
def namespaces(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Namespaces:
    """Return namespaces that are as the environment has them."""
    wanted = {one.identity.name for one in installation.objects if one.identity.kind == "Namespace"}
    return Namespaces(monkeypatch, wanted)


@pytest.mark.parametrize(
    ("applied", "live", "closed", "done"),
    [
        ([], [], [], []),
        (["gone"], ["gone"], [], [("empty", "gone")]),
        (["gone"], [], [], []),
        (["gone"], ["gone"], ["gone"], [("empty", "gone")]),
        ([], ["gone"], ["gone"], []),
        ([], [], ["notebooks"], [("open", "notebooks")]),
        (["b", "a"], ["a", "b"], ["monitoring"], [("empty", "a"), ("empty", "b"), ("open", "monitoring")]),
    ],
)
def test_namespaces_are_closed_and_opened(  # noqa: PLR0913, PLR0917  columns of the table
    applied: list[str], live: list[str], closed: list[str], done: list[tuple[str, str]],
    installation: Installation, namespaces: Namespaces, tmp_path: Path,
) -> None:  # fmt: skip
    """A namespace that stacks have and the environment does not is emptied if it exists; one that is back is opened."""
    namespaces.applied |= {*applied}
    namespaces.live |= {*live}
    namespaces.closed |= {*closed}
    step = RemoveNamespaces(installation)
    assert step.is_done() is (not done)
    count = {0: "", 1: "1 namespace changed"}.get(len(done), f"{len(done)} namespaces changed")
    assert step.run(Journal(tmp_path / "log", lambda _: None)) == Outcome(len(done), count)
    assert namespaces.done == done


def test_a_pod_on_a_node_that_is_down_is_named(
    installation: Installation, namespaces: Namespaces, tmp_path: Path
) -> None:
    """The namespaces after it are removed all the same."""
    namespaces.applied |= {"a", "b"}
    namespaces.live |= {"a", "b"}
    namespaces.stuck = {"a": ["a/web on worker7"]}
    outcome = RemoveNamespaces(installation).run(Journal(tmp_path / "log", lambda _: None))
    assert leaving_namespaces(installation.site, installation.objects) == ["a", "b"]
    assert outcome.left == ("pod a/web on worker7 ends when its node is back: the namespace was removed",)
    assert namespaces.done == [("empty", "a"), ("empty", "b")]


def test_a_question_before_the_steps_keeps_nothing_rendered(installation: Installation) -> None:
    """The authority is created by a step of the same apply: objects that were rendered before would lack it."""
    leaving_namespaces(installation.site, check_inputs(installation))
    assert "objects" not in vars(installation)


def test_nothing_is_done_in_a_cluster_that_does_not_answer(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be seen counts as not done, so that the step runs and says why."""
    monkeypatch.setattr(stack_state, "applied", _silent)
    monkeypatch.setattr(apply_layer, "read_layer_drift", _silent)
    assert not RemoveNamespaces(installation).is_done()
    assert leaving_namespaces(installation.site, ()) == []
    assert not ApplyLayer(installation, "notebooks").is_done()


@pytest.mark.parametrize(("ready", "ends_soon", "expected"), [(b"ok", True, False), (b"ok", False, True)])
def test_an_administrator_whose_certificate_ends_is_not_done(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, *, ready: bytes, ends_soon: bool, expected: bool
) -> None:
    """The play renews it on the host."""
    monkeypatch.setattr(kubectl, "raw", lambda *_: ready)
    monkeypatch.setattr(admin_kubeconfig, "ends_soon", lambda _: ends_soon)
    assert StartControlPlane(installation, choose_hosts(installation.site, None)).probe() is expected


class SlowWorkload:
    """A workload that is ready after some seconds, and nodes of which some are not ready.

    Attributes:
        said: what the user is told.
        now: seconds since the wait began.
    """

    def __init__(self, patch: pytest.MonkeyPatch, seconds: float, dead: tuple[str, ...] = (), **pods: str) -> None:
        """Answer instead of the cluster and the clock; a pod is its node, or why it has none."""
        self.said: list[str] = []
        self.now, self._seconds = 0.0, seconds
        nodes = [_node(name, name not in dead) for name in ("worker2", "worker1", "cp1")]
        live = [_pod(name, where) for name, where in pods.items()]
        patch.setattr(kubectl, "get", lambda _, kind, *__: {"items": {"nodes": nodes, "pods": live}.get(kind, [])})
        patch.setattr(time, "monotonic", lambda: 1000 + self.now)
        patch.setattr(time, "sleep", self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def wait(self, tmp_path: Path) -> str:
        """Wait for it."""
        return ready_workloads.wait_until_ready(make_site(tmp_path), self._read, self.said.append)

    def _read(self) -> LayerDrift:
        return LayerDrift((), () if self.now >= self._seconds else (HUB,), {HUB: HUB_OBJECT}, {})


def _pod(name: str, where: str) -> Json:
    """Return a pod of the hub that is not ready; one that is called other belongs to another workload."""
    labels = {"app": "other" if name == "other" else "hub"}
    conditions = [{"type": "Ready", "status": "False"}]
    if where in NO_NODE:
        conditions.append({"type": "PodScheduled", "status": "False", "reason": where})
    node = {} if where in NO_NODE else {"nodeName": where}
    return {"metadata": {"name": name, "labels": labels}, "spec": node, "status": {"conditions": conditions}}


def _node(name: str, is_ready: bool) -> Json:  # noqa: FBT001  one of two columns
    conditions = [{"type": "Ready", "status": "True" if is_ready else "Unknown"}]
    return {"metadata": {"name": name}, "status": {"conditions": conditions}}


@pytest.mark.parametrize("dead", [(), ("worker1",)])
def test_a_workload_that_becomes_ready_is_waited_for(
    dead: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user sees what is waited for; a dead node does not matter if all are ready in time."""
    slow = SlowWorkload(monkeypatch, 20.0, dead)
    assert slow.wait(tmp_path) == ""
    assert slow.said == [f"wait for {HUB}"] * 10


def test_a_workload_of_a_dead_node_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 20 seconds, the apply does not wait for the pods of a dead node any longer."""
    pods = {"on": "worker1", "nowhere": "Unschedulable", "other": "cp1"}
    slow = SlowWorkload(monkeypatch, 500.0, ("worker2", "worker1"), **pods)
    assert slow.wait(tmp_path) == f"not ready because of worker1 (not ready), worker2 (not ready): {HUB}"
    assert slow.now == 22.0


@pytest.mark.parametrize(
    "pods", [{}, {"on": "worker1", "broken": "cp1"}, {"waits": "SchedulingGated"}, {"other": "worker1"}]
)
def test_a_dead_node_excuses_no_workload_that_is_broken_elsewhere(
    pods: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pod that is not ready on another node, or does not exist, is waited for and then an error."""
    slow = SlowWorkload(monkeypatch, 500.0, ("worker1",), **pods)
    with pytest.raises(BedplateError, match=r"workloads are not ready after 300 s: .*hub"):
        slow.wait(tmp_path)
    assert slow.now == 302.0


def test_a_workload_that_is_never_ready_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all nodes ready, the apply waits for five minutes."""
    slow = SlowWorkload(monkeypatch, 500.0)
    with pytest.raises(BedplateError, match=r"workloads are not ready after 300 s: .*hub"):
        slow.wait(tmp_path)
    assert slow.now == 302.0


def test_a_stack_is_found_by_its_name_or_its_layer(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer's name gives all its stacks in order; another name is bad input with the known ones."""
    monkeypatch.setattr(stack_state, "applied", lambda _: {})
    layer = [stack.name for stack in installation.stacks("monitoring")]
    assert {name.layer for name in layer} == {"monitoring"}
    (one,) = installation.stacks(layer[-1].part)
    assert one.name == layer[-1]
    assert [item.identity for item in one.objects]
    with pytest.raises(InputError, match="stack nothing is not in this release") as caught:
        installation.stacks("nothing")
    assert str(layer[0]) in caught.value.hint
