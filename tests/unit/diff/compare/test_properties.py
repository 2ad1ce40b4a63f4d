"""Properties of every diff of any two snapshots."""

from __future__ import annotations

import dataclasses
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bedplate.diff.compare.apply_changes import apply
from bedplate.diff.compare.compare_snapshots import compare, merged
from bedplate.diff.compare.kube_schema import Schemas
from bedplate.diff.compare.value_differences import is_same
from bedplate.kube.change import Action, Changes, ObjectChange
from bedplate.kube.secret_values import HIDDEN
from factories.diff_objects import (
    SECRETS,
    Object,
    edits,
    secrets,
    shuffled_objects,
    snapshot_of,
    states,
    unhidden_snapshot,
)

pytestmark = pytest.mark.slow

QUICK = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)

THOROUGH = settings(QUICK, max_examples=100)


@QUICK
@given(states)
def test_a_snapshot_does_not_differ_from_itself(objects: list[Object]) -> None:
    """The comparison of a snapshot with itself is empty."""
    assert compare(snapshot_of(objects), snapshot_of(objects)) == Changes()


@QUICK
@given(states, st.randoms(use_true_random=False))
def test_an_order_that_does_not_matter_is_not_a_change(objects: list[Object], chance: random.Random) -> None:
    """Documents, keys, and lists that are sets or maps in the schema may be in any order."""
    assert compare(snapshot_of(objects), snapshot_of(shuffled_objects(objects, chance))) == Changes()


@QUICK
@given(states, states, st.randoms(use_true_random=False))
def test_the_order_of_objects_does_not_change_what_is_found(
    old: list[Object], new: list[Object], chance: random.Random
) -> None:
    """The same objects differ in shuffled snapshots."""
    plain = compare(snapshot_of(old), snapshot_of(new))
    mixed = compare(snapshot_of(shuffled_objects(old, chance)), snapshot_of(shuffled_objects(new, chance)))
    assert [(one.action, one.identity) for one in plain.objects] == [
        (one.action, one.identity) for one in mixed.objects
    ]


@QUICK
@given(states, states)
def test_the_changes_applied_to_the_old_snapshot_give_the_new_one(old: list[Object], new: list[Object]) -> None:
    """After applying the changes, nothing differs; values of Secrets, which no change contains, are left out."""
    assert left_over(old, new) == Changes()


@THOROUGH
@given(edits)
def test_the_changes_applied_to_an_object_give_the_new_one(edit: tuple[Object, Object]) -> None:
    """The same holds for two states of one object."""
    assert left_over([edit[0]], [edit[1]]) == Changes()


@THOROUGH
@given(edits, st.randoms(use_true_random=False))
def test_what_changes_in_an_object_does_not_depend_on_order(edit: tuple[Object, Object], chance: random.Random) -> None:
    """Two states of one object differ or not, however they are shuffled."""
    old, new = [edit[0]], [edit[1]]
    plain = compare(snapshot_of(old), snapshot_of(new))
    mixed = compare(snapshot_of(shuffled_objects(old, chance)), snapshot_of(shuffled_objects(new, chance)))
    assert bool(plain.objects) == bool(mixed.objects)


@QUICK
@given(st.lists(secrets, max_size=3, unique_by=str), st.lists(secrets, max_size=3, unique_by=str))
def test_no_value_of_a_secret_is_in_a_change(old: list[Object], new: list[Object]) -> None:
    """Neither a value nor its token is in a change."""
    changes = [change for one in compare(snapshot_of(old), snapshot_of(new)).objects for change in one.changes]
    text = str([dataclasses.astuple(change) for change in changes])
    assert "hidden:" not in text
    assert not [value for value in SECRETS[:-1] if value in text]


def left_over(old: list[Object], new: list[Object]) -> Changes:
    """Return what still differs after the changes are applied to the old objects."""
    before, after = unhidden_snapshot(map(without_values, old)), unhidden_snapshot(map(without_values, new))
    left = compare(unhidden_snapshot(apply(compare(before, after), before)), after)
    return dataclasses.replace(left, objects=tuple(one for one in left.objects if not is_only_template_order(one)))


def is_only_template_order(change: ObjectChange) -> bool:
    """Return whether only lists of a pod template are in another order, which is not said of one that also changes."""
    if not (change.old and change.new and change.action is Action.CHANGED):
        return False
    node = Schemas([change.new]).of(change.new.object)
    return is_same(merged(change.old.object), merged(change.new.object), node)


def without_values(one: Object) -> Object:
    """Return an object as a patch sees it: all values of a Secret are the same."""
    return (
        {**one, **{key: dict.fromkeys(one[key], HIDDEN) for key in ("data", "stringData") if key in one}}
        if one["kind"] == "Secret"
        else one
    )
