"""Installations that are killed again and again, at random moments: they end as an undisturbed one does."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from bedplate.lab import lab_address
from factories.random_kills import SEED, RandomKills
from factories.running_lab import at, bedplate, down

NAME = "bedplate-killed"
KUBECTL = ("/opt/bedplate/kubernetes/current/bin/kubectl", "--kubeconfig=/etc/kubernetes/admin.conf")
MARK = "written-before-the-kills"
TENANT = {"name": "coming", "owner": "nobody@lab.bedplate.test", "namespaces": [{"name": "coming"}]}
CHANGES: dict[str, Any] = {"notebooks": {"idle": "6h"}, "monitoring": {"retention": "3d"}}
"""Changes of a Deployment's and a StatefulSet's configuration; a tenant and an audited address come and go, too."""


@pytest.fixture(scope="module")
def kills() -> Iterator[RandomKills]:
    """Reserve a lab; print the seed and every kill, and remove the lab afterwards."""
    down(NAME)
    made = RandomKills(lab_address.reserve_lab(NAME))
    yield made
    down(NAME)


@pytest.fixture(autouse=True)
def _seed(kills: RandomKills, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    first = len(kills.done)
    yield
    with capsys.disabled():
        sys.stdout.write("\n  ".join([f"\n{SEED}={kills.seed}", *kills.done[first:], ""]))


def test_a_first_installation_that_is_killed_again_and_again(kills: RandomKills) -> None:
    """Each kill is followed by the same command; an installation that ends before the last kill is begun again."""
    count = kills.left
    while kills.left:
        if kills.run(["lab", "up", "--name", NAME]) and kills.left:
            down(NAME)
            lab_address.reserve_lab(NAME)
    assert len(kills.done) == count
    _ends_as_undisturbed(["lab", "up", "--name", NAME])


def test_an_apply_that_changes_something_is_killed_again_and_again(kills: RandomKills) -> None:
    """Every run is to change hosts and objects, to and fro; what was in the cluster before is still there."""
    _kubectl(kills, "create", "configmap", MARK)
    original = _environment(kills)
    kills.left = count = len(kills.done)
    changed = False
    while kills.left:
        changed = not changed
        _write(kills, _changed(original) if changed else original)
        kills.run(["apply", NAME, "--yes"], longest=30)
    assert len(kills.done) == 2 * count
    _write(kills, _changed(original))
    _ends_as_undisturbed(["apply", NAME, "--yes"])
    assert "coming" in _kubectl(kills, "get", "namespaces", "--output=name")
    assert MARK in _kubectl(kills, "get", "configmaps", "--output=name")


def _ends_as_undisturbed(words: list[str]) -> None:
    """Assert that a last run succeeds, all its steps have nothing to do, and nothing differs from the release."""
    done = bedplate(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    again = bedplate("apply", NAME, "--yes", "--all-steps", "--output", "json")
    assert again.returncode == 0, again.stderr
    assert {step: changed for step, changed in json.loads(again.stdout)["ran"].items() if changed} == {}
    drift = bedplate("drift", NAME)
    assert drift.returncode == 0, drift.stdout + drift.stderr
    verified = bedplate("verify", NAME)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def _changed(original: dict[str, Any]) -> dict[str, Any]:
    changed = json.loads(json.dumps(original))
    for name, values in CHANGES.items():
        changed[name] |= values
    changed["tenants"].append(TENANT)
    network = changed["network"]
    network["outside"].append(f"{network['outside'][0].rpartition('.')[0]}.250")
    return dict(changed)


def _environment(kills: RandomKills) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((kills.lab.environment / "environment.yaml").read_text())
    return found


def _write(kills: RandomKills, environment: dict[str, Any]) -> None:
    (kills.lab.environment / "environment.yaml").write_text(yaml.safe_dump(environment, sort_keys=False))


def _kubectl(kills: RandomKills, *words: str) -> str:
    return at(kills.lab, "cp1", *KUBECTL, *words)
