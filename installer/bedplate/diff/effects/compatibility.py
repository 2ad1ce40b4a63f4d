"""Checks of versions: whether the new release can be applied over the old one, and whether its parts fit together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.diff.effects.rule_effects import join_words
from bedplate.kube.snapshot import Snapshot

if TYPE_CHECKING:  # see kube/snapshot.py
    from bedplate.config.release import Compatibility, Release

RELEASE = "release"
KUBERNETES = "Kubernetes"
SKEW = "https://kubernetes.io/releases/version-skew-policy/"


def findings(old: Snapshot, new: Snapshot) -> Iterator[DiffFinding]:
    """Yield what is wrong with an upgrade from the old snapshot's versions to the new one's."""
    yield from _kubernetes(old.kubernetes, new.kubernetes)
    if new.release is None:
        return
    if old.release is not None:
        path = list(_path(old.release, new.release))
        yield from path
        if not any(one.rule == "release-downgrade" for one in path):
            yield from _downgrades(old.release.components, new.release.components)
    broken = {rule.id for rule in old.release.compatibility if _broken(rule, old.release)} if old.release else set()
    for rule in new.release.compatibility:
        if rule.id not in broken and (missing := _broken(rule, new.release)):
            message = f"breaks rule {rule.id}: needs {missing}; {rule.reason}"
            yield DiffFinding(
                "compatibility-broken", Risk.DISRUPTION, RELEASE, message, ("compatibility",), "", rule.source
            )


def _path(old: Release, new: Release) -> Iterator[DiffFinding]:
    before, after = _version(old.version), _version(new.version)
    if before is None or after is None or before == after:
        return
    if after < before:
        message = f"is downgraded: {old.version} → {new.version}; it may not read data that the newer release wrote"
        yield DiffFinding("release-downgrade", Risk.DATA, RELEASE, message, ("version",))
    elif old.version not in new.upgradesFrom:
        known = join_words(new.upgradesFrom) or "no other release"
        message = f"{new.version} cannot be applied over {old.version}: it upgrades from {known} (upgradesFrom)"
        yield DiffFinding("release-path", Risk.DISRUPTION, RELEASE, message, ("upgradesFrom",))


def _kubernetes(old: str, new: str) -> Iterator[DiffFinding]:
    before, after = _version(old), _version(new)
    if before is None or after is None or before == after:
        return
    if after < before:
        message = f"is downgraded: {old} → {new}; it may not read what is stored in etcd"
        yield DiffFinding("kubernetes-downgrade", Risk.DATA, KUBERNETES, message, (), "", SKEW)
    elif (after.major, after.minor) > (before.major, before.minor + 1):
        message = f"skips a minor version: {old} → {new}; the control plane needs each of them in turn"
        yield DiffFinding("kubernetes-skips-minor", Risk.DISRUPTION, KUBERNETES, message, (), "", SKEW)


def _downgrades(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[DiffFinding]:
    for name in sorted(old.keys() & new.keys()):
        before, after = _version(old[name]), _version(new[name])
        if before and after and after < before and name != KUBERNETES.lower():
            message = f"is downgraded: {old[name]} → {new[name]}"
            yield DiffFinding(
                "component-downgrade", Risk.DISRUPTION, f"component {name}", message, ("components", name), name
            )


def _broken(rule: Compatibility, release: Release) -> str:
    """Return what a release lacks for a rule; empty if the rule holds or does not apply."""
    if not all(_within(release.components.get(name), span) for name, span in rule.when.items()):
        return ""
    missing = [
        f"{name} {span} (it is {release.components.get(name, 'absent')})"
        for name, span in rule.needs.items()
        if not _within(release.components.get(name), span)
    ]
    return join_words(missing)


def _within(text: str | None, span: str) -> bool:
    version = _version(text or "")
    return version is not None and SpecifierSet(span).contains(version, prereleases=True)


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
