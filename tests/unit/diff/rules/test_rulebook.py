"""The rules of the diff: each has a unique id, a source and a line in the reference."""

from __future__ import annotations

import re

import yaml
from pydantic import TypeAdapter

from bedplate.cli.reference_pages import diff_rules
from bedplate.config import diff_rule
from bedplate.config.diff_rule import DiffRule
from bedplate.diff import effects
from bedplate.diff.rules import rulebook

NAME = r"\"((?!x-)(?:[a-z]+-)+[a-z]+)\""
"""The id of a rule in code."""


def test_rules_have_unique_names_and_sources() -> None:
    """A report names a rule only by its id, and every rule has a source."""
    rules = rulebook.built_in_rules()
    names = [rule.id for rule in rules]
    assert len(names) == len({*names})
    assert sum(rule.effect == "replaced" for rule in rules) >= 45
    assert all(rule.source.startswith("https://") for rule in rules)
    assert {name for rule in rules for name in rule.supersedes} <= {*names, "pods-restart"}


def test_rule_files_are_valid() -> None:
    """Pydantic accepts the rule files as it accepts the rules of components."""
    validate = TypeAdapter(list[DiffRule]).validate_python
    for file in rulebook.rule_files().values():
        assert validate(file.rules) == [diff_rule.from_keys(keys) for keys in file.rules]


def test_what_is_computed_is_in_the_reference() -> None:
    """Each rule id that the modules write is listed with a description."""
    listed = {row["id"] for row in yaml.safe_load(effects.COMPUTED.read_text())}
    modules = effects.FOLDER.glob("*.py")
    ids = {name for path in modules for name in re.findall(NAME, path.read_text())}
    data = {rule.id for rule in rulebook.built_in_rules()}
    assert ids - listed - data == {"int-or-string", "cluster-admin"}
    assert not listed & data


def test_every_rule_is_in_the_reference() -> None:
    """The page holds each rule of the data."""
    page = diff_rules.page()
    assert all(f"`{rule.id}`" in page for rule in rulebook.built_in_rules())
