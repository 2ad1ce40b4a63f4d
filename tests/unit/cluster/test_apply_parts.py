"""Applying the stacks of a layer: their order, what an error stops, and which stacks are removed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bedplate.cluster import apply_parts, component_waits, pulumi_stack, removal, stack_state
from bedplate.cluster.apply_parts import LayerRun
from bedplate.cluster.layer_parts import LayerPart
from bedplate.cluster.stack_name import StackName
from bedplate.config.component import Component
from bedplate.core.errors import BedplateError
from bedplate.kube.object_id import ObjectId
from bedplate.render.rendered import RenderedObject
from factories.render_site import make_site

NEEDS = {"namespaces": (), "a": ("namespaces",), "b": ("namespaces",), "c": ("a",), "d": ("c", "b")}


def _name(part: str) -> StackName:
    return StackName("one", part)


def _identity(name: str, kind: str = "ConfigMap") -> ObjectId:
    return ObjectId("", kind, "shop", name)


class Stacks:
    """The stacks of an environment, whose runs are noted.

    Attributes:
        run: the run of their layer.
        done: what was done, in order.
        states: the objects in each stack's state.
        fails: the stacks whose run fails.
        most: how many ran at once.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        """Answer instead of Pulumi and the cluster."""
        self.done: list[tuple[str, ...]] = []
        self.states: dict[str, set[ObjectId]] = {}
        self.fails: set[str] = set()
        self.most = self._running = 0
        self._lock = threading.Lock()
        self.said: list[str] = []
        components = {"a": Component(name="a", summary="A", layer="one")}
        wanted = {_identity(name) for name in NEEDS}
        catalog: Any = SimpleNamespace(components=components)
        self.run = LayerRun(make_site(folder), catalog, {}, wanted, self.said.append)
        patch.setattr(pulumi_stack, "up", self._up)
        patch.setattr(pulumi_stack, "remove", lambda _, name: self._note("remove", name))
        patch.setattr(stack_state, "ensure_readable", lambda _, name: "restored" if name.part == "b" else "")
        patch.setattr(stack_state, "state_file", lambda _, name: name)
        patch.setattr(stack_state, "read_state", lambda name: name)
        patch.setattr(stack_state, "identities", lambda name: {one: {} for one in self.states.get(name.part, ())})
        patch.setattr(stack_state, "forget", lambda _, name, moved: self._note("forget", name, moved))
        patch.setattr(removal, "withdraw_rights", lambda _, leaving: self._note("withdraw", None, leaving))
        patch.setattr(component_waits, "waits_after", lambda found, objects, *, is_last: (found, objects, is_last))
        patch.setattr(component_waits, "wait_for", self._wait)

    def _note(self, what: str, name: StackName | None, objects: Any = ()) -> None:
        with self._lock:
            self.done.append((what, name.part if name else "", *sorted(one.name for one in objects)))

    def _up(self, _: Any, content: Any, say: Any) -> Any:
        assert say == self.run.say
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
        threading.Event().wait(0.02)
        with self._lock:
            self._running -= 1
        self._note("up", content.name, [one.identity for one in content.objects])
        if content.name.part in self.fails:
            raise BedplateError(f"stack {content.name}", "failed", "try again")
        return SimpleNamespace(changed=2)

    def _wait(self, _: Any, waits: tuple[Any, Any, bool], say: Any) -> None:
        assert say == self.run.say
        component, objects, is_last = waits
        self._note("wait", _name(component.name if component else ""), [one.identity for one in objects])
        assert is_last is bool(component)

    def of(self, what: str) -> list[str]:
        """Return the stacks to which something was done."""
        return [one[1] for one in self.done if one[0] == what]


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stacks:
    """Return an environment without any stack."""
    return Stacks(tmp_path, monkeypatch)


def _parts(needs: Mapping[str, tuple[str, ...]] = NEEDS) -> list[LayerPart]:
    return [
        LayerPart(_name(name), name, [_object(name)], {_name(one) for one in after}, is_last=name == "a")
        for name, after in needs.items()
    ]


def _object(name: str) -> RenderedObject:
    value = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}}
    return RenderedObject(name, "one", value)


def _apply(stacks: Stacks, *differing: str) -> int:
    return apply_parts.apply_parts(stacks.run, _parts(), {_name(one) for one in differing})


def test_stacks_are_applied_after_those_that_they_need(stacks: Stacks) -> None:
    """Each has its own objects, all changes are counted, and a restored state is said."""
    assert _apply(stacks, *NEEDS) == 10
    order = stacks.of("up")
    assert sorted(order) == sorted(NEEDS)
    assert all(order.index(one) < order.index(name) for name, after in NEEDS.items() for one in after)
    assert {one for one in stacks.done if one[0] == "up"} == {("up", name, name) for name in NEEDS}
    assert stacks.said == ["restored"]
    assert [one for one in stacks.done if one[:2] == ("wait", "a")] == [("wait", "a", "a")]


def test_only_stacks_that_differ_run(stacks: Stacks) -> None:
    """Of the others, what they are waited for must hold all the same."""
    assert _apply(stacks, "c") == 2
    assert stacks.of("up") == ["c"]
    assert len(stacks.of("wait")) == len(NEEDS)


def test_few_stacks_run_at_once(stacks: Stacks) -> None:
    """Each has processes of Pulumi."""
    needs = {f"s{number}": () for number in range(9)}
    parts = _parts(needs)
    assert apply_parts.apply_parts(stacks.run, parts, {part.name for part in parts}) == 18
    assert stacks.most == apply_parts.MOST_AT_ONCE == 3


def test_an_error_stops_only_what_needs_it(stacks: Stacks) -> None:
    """What does not need the failed stack is applied; the error of one is as it was."""
    stacks.fails = {"a"}
    with pytest.raises(BedplateError) as caught:
        _apply(stacks, *NEEDS)
    assert sorted(stacks.of("up")) == ["a", "b", "namespaces"]
    assert str(caught.value) == "stack a failed\n  hint: try again"


def test_several_errors_are_one(stacks: Stacks) -> None:
    """All failed stacks are named."""
    stacks.fails = {"a", "b"}
    with pytest.raises(BedplateError) as caught:
        _apply(stacks, *NEEDS)
    first, second, hint = str(caught.value).splitlines()
    assert sorted([first, second]) == ["stack a failed", "stack b failed"]
    assert hint == "  hint: try again"


def test_what_another_stack_has_now_is_forgotten(stacks: Stacks) -> None:
    """An object that moved leaves the state; what nothing has any more is deleted, its bindings first."""
    stacks.states = {"a": {_identity("a"), _identity("b"), _identity("gone", "RoleBinding")}}
    _apply(stacks, "a")
    prepared = [one for one in stacks.done if one[0] in {"forget", "withdraw"}]
    assert prepared == [("forget", "a", "b"), ("withdraw", "", "gone")]
    assert stacks.of("up") == ["a"]


@pytest.mark.parametrize(
    ("present", "changed", "ran"), [(["gone"], 2, ["old"]), (["a", "b"], 0, []), (["a", "gone"], 2, ["old"])]
)
def test_a_stack_of_an_older_release_is_removed(
    present: list[str], changed: int, ran: list[str], stacks: Stacks
) -> None:
    """Pulumi runs only if something has to be deleted; the state goes in any case."""
    stacks.states = {"old": {_identity(name) for name in present}}
    assert stacks.run.remove(_name("old")) == changed
    assert stacks.of("up") == ran
    assert stacks.done[-1] == ("remove", "old")


def test_leftovers_are_removed_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Custom resources go first, tenants' objects next, definitions last; other layers and wanted stacks stay."""
    names = ["x-definitions", "b-tenants-2", "hub", "x-resources", "a-tenants-1", "", "c", "a"]
    found = [*(_name(one) for one in names), StackName("two", "old")]
    monkeypatch.setattr(stack_state, "stacks", lambda _: found)
    left = apply_parts.leftovers(make_site(tmp_path), "one", _parts())
    assert [one.part for one in left] == ["x-resources", "a-tenants-1", "b-tenants-2", "", "hub", "x-definitions"]
