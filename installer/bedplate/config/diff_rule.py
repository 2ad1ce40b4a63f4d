"""A rule of the diff: which change has which consequence, as data (diff/rules/*.yaml, component.yaml: rules)."""

from __future__ import annotations

from string import Formatter
from typing import Any, Literal

from pydantic import Field, field_validator

from bedplate.config.base import Model

FILLED = {"path", "key", "old", "new", "name"}
"""What a rule's sentence may name."""
RiskName = Literal["none", "restart", "disruption", "data", "security"]


class Given(Model):
    """A fact about the whole object that must hold as well; absent values count as null."""

    path: str = Field(description="pattern of the value, as in a rule's path")
    side: Literal["old", "new"] = Field("old", description="which of the two objects is asked")
    among: list[Any] = Field(default_factory=list, description="one of the values there is one of these")
    missing: list[Any] = Field(default_factory=list, description="none of the values there is one of these")


class Rule(Model):
    """One consequence of one kind of change."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="stable name, shown in every report")
    kinds: list[str] = Field(
        min_length=1, description="kinds it is about: `Service`, `apps/Deployment`, `*`, `workload` or `host`"
    )
    when: list[Literal["added", "removed", "changed"]] = Field(["changed"], description="what happens to the object")
    path: str = Field(
        "",
        description="pattern of the value: `spec.x`, `*` for any key, `[*]` for any element, `{pod}` for a workload's "
        "pod; empty: the whole object",
    )
    apart: list[str] = Field(default_factory=list, description="patterns of values that do not count")
    enters: list[Any] = Field(default_factory=list, description="the value becomes one of these and was none of them")
    leaves: list[Any] = Field(default_factory=list, description="the value was one of these and is none of them now")
    moves: Literal["", "shrinks", "grows", "appears", "disappears", "changes"] = Field(
        "", description="how a value moves; quantities are compared as numbers"
    )
    given: list[Given] = Field(default_factory=list, description="what else must hold")
    instead: list[str] = Field(default_factory=list, description="rules that say less about the same change")
    effect: Literal["", "replaced", "restart", "drain", "reboot"] = Field(
        "", description="replaced: deleted and made anew; restart, drain, reboot: of a host"
    )
    risk: RiskName = Field(description="how much it can hurt")
    fact: str = Field(description="a sentence without its subject; {path}, {key}, {old}, {new} and {name} are filled")
    source: str = Field(description="file or page that says so")

    @field_validator("fact")
    @classmethod
    def _fillable(cls, fact: str) -> str:
        unknown = {name for _, name, _, _ in Formatter().parse(fact) if name is not None} - FILLED
        if unknown:
            raise ValueError(f"{{{min(unknown)}}} is none of {', '.join(sorted(FILLED))}")
        return fact
