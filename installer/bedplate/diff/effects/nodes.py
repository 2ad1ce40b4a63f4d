"""Hosts that drain or reboot, and why, from the changes of their HostSpecs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate.config.diff_rule import DiffRule
from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.diff.effects.rule_effects import join_words, short_text
from bedplate.diff.rules import pattern
from bedplate.diff.rules.rulebook import Rulebook
from bedplate.kube.change import Action, Changes, HostChange, Path

if TYPE_CHECKING:  # see kube/snapshot.py
    from bedplate.config.host_spec import HostSpec

NODES = {"control_plane", "workers"}
SECTIONS = ("packages", "binaries", "sysctls")
VERBS = {"reboot": ("host-reboots", "is drained and rebooted"), "drain": ("host-drains", "is drained")}
NOT_NODES = {"reboot": "is rebooted", "drain": "restarts services"}
DRAINING = "https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/"
SHOWN = 6


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of a host that differs: ``packages``, ``containerd``."""

    path: Path
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that matches one changed setting, with its message."""

    rule: DiffRule
    text: str
    path: Path


def node_reasons(changes: Changes, book: Rulebook, effect: str) -> dict[str, tuple[str, ...]]:
    """Return the nodes that drain or reboot (the effect), by name, with the reasons."""
    found = {}
    for change in changes.hosts:
        texts = [one.text for one in _reasons(change, book) if one.rule.effect == effect]
        if texts and _is_node(change):
            found[change.host] = tuple(dict.fromkeys(texts))
    return dict(sorted(found.items()))


def findings(changes: Changes, book: Rulebook) -> Iterator[DiffFinding]:
    """Yield one finding for each host: its strongest effect, with every reason."""
    for change in changes.hosts:
        match change.action:
            case Action.ADDED:
                yield DiffFinding("host-added", Risk.NONE, change.host, "joins", source=DRAINING)
            case Action.REMOVED:
                yield _removed(change)
            case _:
                if found := _reasons(change, book):
                    yield _finding(change, found)


def _removed(change: HostChange) -> DiffFinding:
    if change.old and "workers" in change.old.groups:
        message = "leaves: its pods move, but the volumes on its disks do not"
        return DiffFinding("host-removed", Risk.DATA, change.host, message, source=DRAINING)
    return DiffFinding("host-removed", Risk.DISRUPTION, change.host, "leaves", source=DRAINING)


def _finding(change: HostChange, found: list[Reason]) -> DiffFinding:
    """Return the finding of the strongest effect; the reasons of weaker effects follow."""
    for effect, (rule, verb) in VERBS.items():
        strong = [one for one in found if one.rule.effect == effect]
        if strong:
            weak = [one for one in found if one not in strong]
            message = f"{verb if _is_node(change) else NOT_NODES[effect]}: {_join_reasons(strong)}"
            if weak:
                message += f"; also {_join_reasons(weak)}"
            risk = Risk.DISRUPTION
            return DiffFinding(rule, risk, change.host, message, strong[0].path, source=strong[0].rule.source)
    worst = max(found, key=lambda one: Risk[one.rule.risk.upper()])
    message = f"changes without a drain: {_join_reasons(found)}"
    return DiffFinding(
        "host-changes", Risk[worst.rule.risk.upper()], change.host, message, worst.path, source=worst.rule.source
    )


def _join_reasons(found: list[Reason]) -> str:
    return join_words((one.text for one in found), SHOWN)


def _reasons(change: HostChange, book: Rulebook) -> list[Reason]:
    if change.old is None or change.new is None:
        return []
    found = []
    for setting in settings(change.old, change.new):
        rule = next((rule for rule in book.host_rules() if _fits(rule, setting.path)), None)
        if rule:
            text = rule.message.format(key=setting.path[-1], old=short_text(setting.old), new=short_text(setting.new))
            found.append(Reason(rule, text, setting.path))
    return found


def _fits(rule: DiffRule, path: Path) -> bool:
    where = _host_pattern(rule.path)
    excluded = (_host_pattern(text) for text in rule.except_)
    return (
        len(where) == len(path) and pattern.fits(path, where) and not any(pattern.fits(path, out) for out in excluded)
    )


def _host_pattern(text: str) -> tuple[str, ...]:
    """Return the steps of a host rule's path: a section and a name, which may contain dots and slashes."""
    section, _, name = text.partition(".")
    return (section, name) if name else (section,)


def settings(old: HostSpec, new: HostSpec) -> Iterator[Setting]:
    """Yield the settings that differ between two HostSpecs; a file's name is its path."""
    for section in SECTIONS:
        yield from _mapping(section, getattr(old, section), getattr(new, section))
    files = [{file.path: (file.mode, file.part, file.content) for file in spec.files} for spec in (old, new)]
    yield from _mapping("files", *files)
    yield from _mapping("vars", old.vars, new.vars)
    for field in ("services", "groups", "address"):
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            yield Setting((field,), _text(before), _text(after))


def _mapping(section: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Setting]:
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            yield Setting((section, key), old.get(key), new.get(key))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _is_node(change: HostChange) -> bool:
    return any(NODES & {*spec.groups} for spec in (change.old, change.new) if spec)
