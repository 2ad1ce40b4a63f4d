"""States of stacks: copies are kept, and a checkpoint that was cut is restored from the newest good one."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest

from bedplate.cluster import stack_state
from bedplate.cluster.stack_name import StackName
from bedplate.config.environments import Site
from bedplate.core import paths
from bedplate.render.reference_site import reference_site

STACK = StackName("monitoring")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return an environment whose state is the test's own."""
    monkeypatch.setattr(paths, "STATE", tmp_path)
    return dataclasses.replace(reference_site("2026.11.0", []), folder=tmp_path)


def _state(name: str) -> str:
    return json.dumps({"version": 3, "checkpoint": {"stack": name, "latest": {"resources": [{"type": name}]}}})


def _write(path: Path, text: str, time: float = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (time, time))


def _types(site: Site) -> list[str]:
    found = stack_state.resources(stack_state.read_state(stack_state.state_file(site, STACK)))
    return [one["type"] for one in found]


@pytest.mark.parametrize("content", ["", _state("now")[:-9], "null", "{}", '{"checkpoint": null}', "\0\0\0\0"])
@pytest.mark.parametrize(
    ("bak", "copies", "expected"),
    [
        (_state("bak"), {}, "bak"),
        (_state("bak"), {1: _state("one"), 2: _state("two")}, "bak"),
        ("", {1: _state("one"), 2: _state("two")}, "two"),
        ("", {1: _state("one"), 2: ""}, "one"),
        (None, {2: _state("two")}, "two"),
    ],
)
def test_a_cut_checkpoint_is_restored(
    content: str, bak: str | None, copies: dict[int, str], expected: str, site: Site
) -> None:
    """The newest good copy replaces a checkpoint that is empty or cut; the cut one is set aside."""
    path = stack_state.state_file(site, STACK)
    _write(path, content)
    if bak is not None:
        _write(path.with_name(f"{path.name}.bak"), bak, 5)
    for number, text in copies.items():
        _write(stack_state._copies(site, STACK) / f"{number}.json", text, number)
    assert "restored the copy of 1970-01-01" in stack_state.ensure_readable(site, STACK)
    assert _types(site) == [expected]
    assert path.with_name(f"{path.name}.corrupted").read_text() == content


def test_copies_of_older_installers_are_used(site: Site) -> None:
    """Copies were in one folder for all layers."""
    _write(stack_state.state_file(site, STACK), "")
    _write(site.state / "pulumi/copies/monitoring-20261128T120000.json", _state("old"), 1)
    assert stack_state.ensure_readable(site, STACK)
    assert _types(site) == ["old"]


def test_without_a_copy_the_checkpoint_is_set_aside(site: Site) -> None:
    """The next run then takes over the objects in the cluster."""
    path = stack_state.state_file(site, STACK)
    _write(path, "")
    assert "taken over" in stack_state.ensure_readable(site, STACK)
    assert not path.exists()


def test_a_good_checkpoint_stays(site: Site) -> None:
    """Nothing is done where the checkpoint is good, or where there is none."""
    assert stack_state.ensure_readable(site, STACK) == ""
    _write(stack_state.state_file(site, STACK), _state("now"))
    _write(stack_state._copies(site, STACK) / "1.json", _state("one"), 9)
    assert stack_state.ensure_readable(site, STACK) == ""
    assert _types(site) == ["now"]


def test_copies_are_bounded_and_good(site: Site) -> None:
    """The last copies are kept, several in one second; a cut checkpoint replaces none of them."""
    path = stack_state.state_file(site, STACK)
    for number in range(stack_state.MAX_COPIES + 3):
        _write(path, _state(str(number)))
        stack_state.keep_copy(site, STACK)
    for _ in range(stack_state.MAX_COPIES):
        _write(path, "")
        stack_state.keep_copy(site, STACK)
    kept = sorted(stack_state._copies(site, STACK).iterdir())
    assert [stack_state.resources(stack_state.read_state(one))[0]["type"] for one in kept] == [
        str(number) for number in range(3, stack_state.MAX_COPIES + 3)
    ]


def test_the_history_of_pulumi_is_bounded(site: Site) -> None:
    """Pulumi itself keeps a file of each run for ever."""
    folder = stack_state.backend(site) / "history" / STACK.project / STACK.in_pulumi(site)
    for number in range(100):
        _write(folder / f"x-{number:03}.history.json", "")
    _write(stack_state.state_file(site, STACK), _state("now"))
    stack_state.keep_copy(site, STACK)
    assert min(one.name for one in folder.iterdir()) == f"x-{100 - 2 * stack_state.MAX_RUNS:03}.history.json"


def _resource(name: str, *after: str) -> dict[str, object]:
    value = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}}
    return {
        "urn": f"urn:{name}",
        "type": "kubernetes:core/v1:ConfigMap",
        "inputs": value,
        "dependencies": [f"urn:{one}" for one in after],
        "propertyDependencies": {"data": [f"urn:{one}" for one in after]},
        "deletedWith": f"urn:{after[0]}" if after else "",
    }


def test_an_object_that_another_stack_has_is_forgotten(site: Site) -> None:
    """The object and all references to it leave the state; whatever else is in the state stays."""
    resources = [
        {"urn": "urn:stack", "type": "pulumi:pulumi:Stack"},
        _resource("a"),
        _resource("b", "a"),
        _resource("c"),
    ]
    state = {"version": 3, "checkpoint": {"latest": {"resources": resources, "manifest": {"time": "now"}}}}
    path = stack_state.state_file(site, STACK)
    _write(path, json.dumps(state))
    names = {identity.name: identity for identity in stack_state.applied(site)[STACK]}
    assert sorted(names) == ["a", "b", "c"]
    stack_state.forget(site, STACK, [names["a"]])
    found = stack_state.read_state(path)
    assert found is not None
    assert found["checkpoint"]["latest"]["manifest"] == {"time": "now"}
    left = stack_state.resources(found)
    assert [one["urn"] for one in left] == ["urn:stack", "urn:b", "urn:c"]
    assert "urn:a" not in json.dumps(left)


def test_the_stacks_of_an_environment_are_those_with_a_state(site: Site) -> None:
    """Stacks of whole layers, of older installers, are among them; other environments' and copies are not."""
    folder, name = stack_state.backend(site) / "stacks", site.environment.name
    for file in (f"{name}.json", f"{name}.hub.json", f"{name}.hub.json.bak", f"{name}-2.hub.json", "other.json"):
        _write(folder / "bedplate-notebooks" / file, _state("x"))
    _write(folder / "bedplate-foundation" / f"{name}.tenants-tenants-1.json", _state("x"))
    assert stack_state.stacks(site) == [
        StackName("foundation", "tenants-tenants-1"),
        StackName("notebooks"),
        StackName("notebooks", "hub"),
    ]
