"""The rules: those of Bedplate in rules/*.yaml, and those that components bring."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import yaml
from pydantic import Field

from bedplate.diff import pod
from bedplate.diff.side import Thing
from bedplate.model.base import Model
from bedplate.model.rule import Rule

FOLDER = Path(__file__).parent / "rules"


class RuleFile(Model):
    """One file of rules/."""

    title: str = Field(description="heading in the reference")
    about: str = Field(description="a sentence or two for the reference")
    base: str = Field("", description="what a relative source is relative to")
    rules: list[Rule] = Field(description="in the order of the reference")

    def sourced(self) -> list[Rule]:
        """Return the rules with whole sources."""
        return [
            rule if "://" in rule.source else rule.model_copy(update={"source": self.base + rule.source})
            for rule in self.rules
        ]


@cache
def files() -> dict[str, RuleFile]:
    """Return every file of rules by its name without suffix, sorted."""
    return {
        path.stem: RuleFile.model_validate(yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader))
        for path in sorted(FOLDER.glob("*.yaml"))
    }


class Rulebook:
    """Rules by the kinds they are about."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Sort the rules by kind."""
        self._by_kind: dict[str, list[Rule]] = {}
        for rule in rules:
            for kind in rule.kinds:
                self._by_kind.setdefault(kind, []).append(rule)

    def of(self, thing: Thing) -> list[Rule]:
        """Return the rules about an object: by its kind, by its group and kind, by being a workload, or about all."""
        group, kind = thing.identity.group, thing.identity.kind
        keys = [kind] if _native(group) else []
        keys += [f"{group or 'core'}/{kind}", *(["workload"] if pod.template(thing) is not None else []), "*"]
        return [rule for key in keys for rule in self._by_kind.get(key, [])]

    def hosts(self) -> list[Rule]:
        """Return the rules about hosts, in their order."""
        return self._by_kind.get("host", [])


def _native(group: str) -> bool:
    """Return whether a group is Kubernetes' own: others may have kinds of the same name (Knative's Service)."""
    return "." not in group or group.endswith(".k8s.io")


@cache
def own() -> tuple[Rule, ...]:
    """Return Bedplate's own rules about objects and hosts."""
    return tuple(rule for file in files().values() for rule in file.sourced())
