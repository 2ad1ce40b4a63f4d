"""The rules that apply to an object or a host: Bedplate's own, those of distributions, and those of components.

Bedplate's own are in rules/data/*.yaml, those of a distribution about its packages in its folder. A file is a heading
of the reference (docs/reference/diff-rules.md), no more. What a rule puts at risk is its own key `risk`, whichever file
it is in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from bedplate import distributions
from bedplate.config import diff_rule
from bedplate.config.diff_rule import DiffRule
from bedplate.core.file_endings import find_files
from bedplate.diff.rules import pod_paths
from bedplate.kube import yaml_text
from bedplate.kube.snapshot import Resource

FOLDER = Path(__file__).parent / "data"
ENDING = ".yaml"
OF_DISTRIBUTION = "diff_rules.yaml"
"""File with rules in the folder of a distribution; it may be missing."""


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One file of rules.

    Attributes:
        title: heading in the reference.
        about: a sentence or two for the reference.
        rules: keys of each rule, in the order of the reference.
        base: what a relative source is relative to.
    """

    title: str
    about: str
    rules: list[dict[str, Any]]
    base: str = ""

    def load_rules(self) -> list[DiffRule]:
        """Return the rules, with full addresses as sources."""
        rules = map(diff_rule.from_keys, self.rules)
        return [rule if "://" in rule.source else replace(rule, source=self.base + rule.source) for rule in rules]


@cache
def rule_files() -> dict[str, RuleFile]:
    """Return every file of rules by its name without suffix, or its distribution's; those of distributions first.

    The first rule that matches a host's change applies, so a rule about one package comes before that about all.
    """
    pattern = f"*/{OF_DISTRIBUTION.removesuffix(ENDING)}"
    found = [path for folder in distributions.__path__ for path in find_files(Path(folder), pattern, ENDING)]
    paths = {path.parent.name: path for path in sorted(found)}
    paths |= {path.stem: path for path in find_files(FOLDER, "*", ENDING)}
    return {name: RuleFile(**yaml_text.parse(path.read_bytes(), path.name, 0)[0]) for name, path in paths.items()}


class Rulebook:
    """Rules by the kinds they are about."""

    def __init__(self, rules: Iterable[DiffRule]) -> None:
        """Sort the rules by kind."""
        self._by_kind: dict[str, list[DiffRule]] = {}
        for rule in rules:
            for kind in rule.kinds:
                self._by_kind.setdefault(kind, []).append(rule)

    def rules_for(self, resource: Resource) -> list[DiffRule]:
        """Return the rules about an object: about its kind, its group and kind, every workload, or every object."""
        group, kind = resource.identity.group, resource.identity.kind
        keys = [kind] if _is_native(group) else []
        keys += [f"{group or 'core'}/{kind}", *(["workload"] if pod_paths.template(resource) is not None else []), "*"]
        return [rule for key in keys for rule in self._by_kind.get(key, [])]

    def host_rules(self) -> list[DiffRule]:
        """Return the rules about hosts, in their order."""
        return self._by_kind.get("host", [])


def _is_native(group: str) -> bool:
    """Return whether a group is Kubernetes' own; other groups may use the same names of kinds (Knative's Service)."""
    return "." not in group or group.endswith(".k8s.io")


@cache
def built_in_rules() -> tuple[DiffRule, ...]:
    """Return Bedplate's own rules about objects and hosts, and those of distributions."""
    return tuple(rule for file in rule_files().values() for rule in file.load_rules())
