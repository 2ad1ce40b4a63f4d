"""A rule of `bedplate diff`: which change has which effect, as data (diff/rules/data/*.yaml; component.yaml: rules).

Plain dataclasses, because pydantic takes 0.2 s to load and a diff of plain YAML needs none of it. Where components
are loaded and where the rule files are tested, pydantic validates the same classes by the metadata of their fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Annotated, Any, ClassVar, Literal

PLACEHOLDERS = {"path", "key", "old", "new", "name"}
"""What a rule's message may contain in braces."""
KEYWORDS = {"except": "except_"}
"""Keys of a rule that are words of Python, with the names of their fields."""
FORBID_EXTRA = {"extra": "forbid"}


class KnownPlaceholders:
    """Tells pydantic to refuse a message with a placeholder that nothing fills."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Return the schema of a text that is checked after it was read."""
        from pydantic_core import core_schema  # noqa: PLC0415  only pydantic calls this; see the module's docstring

        return core_schema.no_info_after_validator_function(_known_placeholders, handler(source))


def _known_placeholders(message: str) -> str:
    unknown = {name for _, name, _, _ in Formatter().parse(message) if name is not None} - PLACEHOLDERS
    if unknown:
        raise ValueError(f"{{{min(unknown)}}} is none of {', '.join(sorted(PLACEHOLDERS))}")
    return message


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCondition:
    """A condition on the whole object. An absent value counts as null."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_EXTRA

    path: str = field(metadata={"description": "pattern of the value, as in a rule's path"})
    snapshot: Literal["old", "new"] = field(
        default="old", metadata={"description": "which of the two objects the condition is about"}
    )
    any_of: list[Any] = field(
        default_factory=list, metadata={"description": "at least one value there is one of these"}
    )
    none_of: list[Any] = field(default_factory=list, metadata={"description": "no value there is one of these"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRule:
    """One effect of one kind of change."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_EXTRA

    id: str = field(metadata={"pattern": r"^[a-z0-9][a-z0-9-]*$", "description": "stable name, shown in every report"})
    kinds: list[str] = field(
        metadata={
            "min_length": 1,
            "description": "kinds it is about: `Service`, `apps/Deployment`, `*`, `workload` or `host`",
        }
    )
    actions: list[Literal["added", "removed", "changed"]] = field(
        default_factory=lambda: ["changed"], metadata={"description": "what happens to the object"}
    )
    path: str = field(
        default="",
        metadata={
            "description": "pattern of the value: `spec.x`, `*` for any key, `[*]` for any element, `{pod}` for a "
            "workload's pod; empty: the whole object"
        },
    )
    except_: list[str] = field(
        default_factory=list, metadata={"alias": "except", "description": "patterns of values that do not count"}
    )
    becomes: list[Any] = field(
        default_factory=list, metadata={"description": "the new value is one of these, and the old one was not"}
    )
    was: list[Any] = field(
        default_factory=list, metadata={"description": "the old value was one of these, and the new one is not"}
    )
    change: Literal["", "shrinks", "grows", "appears", "disappears", "changes"] = field(
        default="", metadata={"description": "how the value changes; quantities are compared as numbers"}
    )
    when: list[RuleCondition] = field(default_factory=list, metadata={"description": "conditions that must all hold"})
    supersedes: list[str] = field(
        default_factory=list,
        metadata={"description": "rules whose findings on the same object this rule's finding replaces"},
    )
    effect: Literal["", "replaced", "restart", "drain", "reboot"] = field(
        default="",
        metadata={"description": "replaced: deleted and re-created; restart, drain, reboot: what a host does"},
    )
    risk: Literal["none", "restart", "disruption", "data", "security"] = field(
        metadata={"description": "how much damage it can do"}
    )
    message: Annotated[str, KnownPlaceholders()] = field(
        metadata={"description": "a sentence without its subject; {path}, {key}, {old}, {new} and {name} are filled in"}
    )
    source: str = field(metadata={"description": "file or page that documents the effect"})


def from_keys(keys: Mapping[str, Any]) -> DiffRule:
    """Return a rule from the keys of a file of Bedplate's own; a test validates these files, this does not."""
    fields = {KEYWORDS.get(key, key): value for key, value in keys.items()}
    return DiffRule(**fields | {"when": [RuleCondition(**one) for one in keys.get("when", ())]})
