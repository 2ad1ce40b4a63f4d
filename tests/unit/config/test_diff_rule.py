"""Rules of the diff in component.yaml: dataclasses that pydantic validates, with errors at the line of each key."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.config import validation, yaml_document
from bedplate.config.component import Component
from bedplate.config.diff_rule import DiffRule, RuleCondition

COMPONENT = "name: web\nsummary: a web server\nlayer: apps\nrules:\n"
RULE = """
  - id: model-reloads
    kinds: [a.example/Model]
    path: spec.weights
    except: [spec.weights.note]
    when: [{path: spec.live, any_of: [true]}]
    risk: disruption
    message: "loads {new} instead of {old}"
    source: https://a.example/docs
"""
WRONG = {
    "an unknown key": (
        RULE.replace("    path:", "    exept: []\n    path:"),
        ":8:5: key rules[0].exept is unknown\n  hint: did you mean except?",
    ),
    "an unknown key of a condition": (
        RULE.replace("any_of: [true]", "any: [true]"),
        ":10:30: key rules[0].when[0].any is unknown\n  hint: did you mean any_of?",
    ),
    "an unknown placeholder": (RULE.replace("{new}", "{nwe}"), ":12:14: key rules[0].message is 'loads {nwe} instead"),
    "an unknown risk": (RULE.replace("disruption", "danger"), ":11:11: key rules[0].risk is 'danger', which is not"),
    "no message": (RULE.replace("message", "effect"), "key rules[0].message is missing\n  hint: add it (a sentence"),
    "not a mapping": ("  - model-reloads\n", ":5:5: key rules[0] is 'model-reloads', which is not a mapping of keys"),
}


def validated(folder: Path, rules: str) -> validation.ValidationResult[Component]:
    """Return the outcome of validating a component.yaml with these rules."""
    path = folder / "component.yaml"
    path.write_text(COMPONENT + rules)
    return validation.validate(yaml_document.read(path), Component)


def test_a_rule_is_read(tmp_path: Path) -> None:
    """A key that is a word of Python is read into its field, and defaults are filled in."""
    model = validated(tmp_path, RULE).model
    assert model is not None
    assert model.rules == [
        DiffRule(
            id="model-reloads",
            kinds=["a.example/Model"],
            path="spec.weights",
            except_=["spec.weights.note"],
            when=[RuleCondition(path="spec.live", any_of=[True])],
            risk="disruption",
            message="loads {new} instead of {old}",
            source="https://a.example/docs",
        )
    ]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_rule_is_an_error_at_its_line(name: str, tmp_path: Path) -> None:
    """Unknown keys are suggested, values and placeholders checked, missing keys described."""
    rules, expected = WRONG[name]
    errors = "\n".join(map(str, validated(tmp_path, rules).errors))
    assert expected in errors
