"""Findings about versions: custom kinds, API versions, releases."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.config.release import Compatibility, Release, ToolchainVersions
from bedplate.kube.snapshot import Snapshot
from factories.diff_effects import effects_between, messages, snapshot_of

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: as.a.example}
spec:
  group: a.example
  scope: Cluster
  names: {plural: as, kind: A}
  versions: %s
---
"""
VERSION = "{name: %s, served: %s, storage: %s, schema: {openAPIV3Schema: {type: object, properties: {spec: %s}}}}"
SPEC = "{type: object, required: [%s], properties: {%s}}"


def crd(spec: str = "{type: object}", *more: str) -> str:
    """Return a definition with v1, whose spec is given, and more versions."""
    return CRD % f"[{', '.join([VERSION % ('v1', 'true', 'true', spec), *more])}]"


DEFINITIONS = {
    "a field": (
        crd(SPEC % ("", "a: {type: string}")), crd(SPEC % ("", "a: {type: string}, b: {type: string}")),
        [("crd-field-added", "v1 gains fields: spec.b")]),
    "no field": (
        crd(SPEC % ("", "a: {type: string}, b: {type: string}")), crd(SPEC % ("", "a: {type: string}")),
        [("crd-field-removed", "v1 loses fields, and objects lose their values: spec.b")]),
    "a type": (
        crd(SPEC % ("", "a: {type: string}")), crd(SPEC % ("", "a: {type: integer}")),
        [("crd-field-type", "v1 changes the types of fields, and refuses old values: spec.a string → integer")]),
    "a required field": (
        crd(SPEC % ("", "a: {type: string}")), crd(SPEC % ("a", "a: {type: string}")),
        [("crd-field-required", "v1 requires more fields: spec.a")]),
    "an enum": (
        crd(SPEC % ("", "a: {type: string, enum: [b, c]}")), crd(SPEC % ("", "a: {type: string, enum: [b]}")),
        [("crd-field-stricter", "v1 refuses values that it accepted: spec.a: no longer c")]),
    "a description": (
        crd(SPEC % ("", "a: {type: string, description: b}")), crd(SPEC % ("", "a: {type: string, description: c}")),
        []),
    "a version": (crd(), crd("{type: object}", VERSION % ("v2", "true", "false", "{}")),
        [("crd-version-added", "also serves v2")]),
    "a version less": (crd("{type: object}", VERSION % ("v2", "true", "false", "{}")), crd(),
        [("crd-version-dropped", "drops v2: objects written in it are refused")]),
    "another storage": (
        crd("{type: object}", VERSION % ("v2", "true", "false", "{}")),
        CRD % f"[{VERSION % ('v1', 'true', 'false', '{type: object}')}, {VERSION % ('v2', 'true', 'true', '{}')}]",
        [("crd-storage-moved",
          "stores objects as v2 instead of v1; existing objects change when they are next written")]),
}  # fmt: skip


@pytest.mark.parametrize("name", DEFINITIONS)
def test_custom_kinds_are_compared_by_what_they_accept(name: str) -> None:
    """Fields, types and versions count; descriptions do not."""
    old, new, expected = DEFINITIONS[name]
    assert messages(effects_between(old, new)) == expected


def test_an_object_in_a_dropped_version_is_found() -> None:
    """Its definition in the same snapshot says so."""
    both = crd("{type: object}", VERSION % ("v2", "true", "false", "{}"))
    mine = "{apiVersion: a.example/v2, kind: A, metadata: {name: x}}\n---\n"
    rules = sorted(one.rule for one in effects_between(both + mine, crd() + mine).findings)
    assert rules == ["crd-version-dropped", "custom-version-not-served"]


CRON = "{apiVersion: %s, kind: CronJob, metadata: {name: c, namespace: n}, spec: {schedule: '%s'}}\n---\n"


def test_versions_that_the_target_no_longer_serves_are_found() -> None:
    """A newer Kubernetes refuses an unchanged object; one that the old Kubernetes already refused is not new."""
    old, new = CRON % ("batch/v1beta1", "1 * * * *"), CRON % ("batch/v1", "1 * * * *")
    (found,) = effects_between(snapshot_of(old, kubernetes="1.24.0"), snapshot_of(old, kubernetes="1.25.0")).findings
    assert (found.rule, found.message) == (
        "api-version-not-served",
        "is refused: batch/v1beta1 is not served since Kubernetes 1.25; use batch/v1",
    )
    assert not effects_between(snapshot_of(old, kubernetes="1.24.0"), snapshot_of(new, kubernetes="1.25.0")).findings
    assert not effects_between(snapshot_of(old, kubernetes="1.25.0"), snapshot_of(old, kubernetes="1.26.0")).findings
    assert [one.rule for one in effects_between("", old).findings] == ["api-version-not-served"]


def release(version: str, **more: Any) -> Snapshot:
    """Return a snapshot with a release."""
    tools = ToolchainVersions(go="1", node="1")
    given = {"components": {"containerd": "1.6", "prometheus": "0.305.0"}} | more
    return snapshot_of("", release=Release(version=version, toolchain=tools, epoch=0, **given))


NEEDS = Compatibility(id="toml", when={"containerd": ">=2"}, needs={"prometheus": ">=0.306"}, reason="its files moved")
RELEASES = {
    "not over the old one": (release("2026.11.0"), release("2026.12.0"), ["release-path"]),
    "over the old one": (release("2026.11.0"), release("2026.12.0", upgradesFrom=["2026.11.0"]), []),
    "back": (release("2026.12.0"), release("2026.11.0"), ["release-downgrade"]),
    "a component back": (
        release("2026.11.0"), release("2026.11.0", components={"containerd": "1.5", "prometheus": "0.305.0"}),
        ["component-downgrade"]),
    "a rule broken": (
        release("2026.11.0"),
        release("2026.11.0", components={"containerd": "2.1", "prometheus": "0.305.0"}, compatibility=[NEEDS]),
        ["compatibility-broken"]),
    "a rule kept": (
        release("2026.11.0"),
        release("2026.11.0", components={"containerd": "2.1", "prometheus": "0.306.0"}, compatibility=[NEEDS]), []),
    "a minor version skipped": (
        snapshot_of("", kubernetes="1.34.3"), snapshot_of("", kubernetes="1.36.0"), ["kubernetes-skips-minor"]),
    "the next minor version": (snapshot_of("", kubernetes="1.34.3"), snapshot_of("", kubernetes="1.35.0"), []),
}  # fmt: skip


@pytest.mark.parametrize("name", RELEASES)
def test_upgrades_that_are_not_possible_are_found(name: str) -> None:
    """Downgrades, skipped versions and parts that do not fit together are findings."""
    old, new, expected = RELEASES[name]
    assert [one.rule for one in effects_between(old, new).findings] == expected
