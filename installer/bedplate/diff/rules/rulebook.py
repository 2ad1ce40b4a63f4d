"""The rules: those of Bedplate in rules/*.yaml, and those that components bring."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedplate.diff.rules import pod_paths, rule
from bedplate.diff.rules.rule import Rule
from bedplate.kube import yaml_text
from bedplate.kube.snapshot import Resource

if TYPE_CHECKING:  # see kube/snapshot.py
    from bedplate.config import diff_rule as model

FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One file of rules/.

    Attributes:
        title: heading in the reference.
        about: a sentence or two for the reference.
        rules: fields of each, in the order of the reference.
        base: what a relative source is relative to.
    """

    title: str
    about: str
    rules: list[dict[str, Any]]
    base: str = ""

    def sourced(self) -> list[Rule]:
        """Return the rules with whole sources."""
        rules = map(rule.of, self.rules)
        return [one if "://" in one.source else replace(one, source=self.base + one.source) for one in rules]


@cache
def rule_files() -> dict[str, RuleFile]:
    """Return every file of rules by its name without suffix, sorted."""
    return {
        path.stem: RuleFile(**yaml_text.parse(path.read_bytes(), path.name, 0)[0])
        for path in sorted(FOLDER.glob("*.yaml"))
    }


class Rulebook:
    """Rules by the kinds they are about."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Sort the rules by kind."""
        self._by_kind: dict[str, list[Rule]] = {}
        for one in rules:
            for kind in one.kinds:
                self._by_kind.setdefault(kind, []).append(one)

    def of(self, resource: Resource) -> list[Rule]:
        """Return the rules about an object: by its kind, by its group and kind, by being a workload, or about all."""
        group, kind = resource.identity.group, resource.identity.kind
        keys = [kind] if _native(group) else []
        keys += [f"{group or 'core'}/{kind}", *(["workload"] if pod_paths.template(resource) is not None else []), "*"]
        return [one for key in keys for one in self._by_kind.get(key, [])]

    def hosts(self) -> list[Rule]:
        """Return the rules about hosts, in their order."""
        return self._by_kind.get("host", [])


def _native(group: str) -> bool:
    """Return whether a group is Kubernetes' own: others may have kinds of the same name (Knative's Service)."""
    return "." not in group or group.endswith(".k8s.io")


@cache
def built_in_rules() -> tuple[Rule, ...]:
    """Return Bedplate's own rules about objects and hosts."""
    return tuple(one for file in rule_files().values() for one in file.sourced())


def rules_of_components(rules: Iterable[model.Rule]) -> tuple[Rule, ...]:
    """Return the rules that components bring."""
    return tuple(rule.of(one.model_dump()) for one in rules)
