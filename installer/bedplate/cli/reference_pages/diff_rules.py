"""docs/reference/diff-rules.md: the rules of the diff, from their data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import yaml

from bedplate.config.diff_rule import DiffRule
from bedplate.diff import effects
from bedplate.diff.effects.removed_apis import removed_apis
from bedplate.diff.rules import rulebook

INTRODUCTION = """\
# Rules of the diff

Generated from the rules (`make docs`). `bedplate diff` uses these rules to say what each change does; every finding
names its rule. Risks, lowest first: none, restart, disruption (something stops for a while), data (data is deleted,
hidden or at risk), security (someone gains privileges). `{pod}` is a workload's pod; `*` matches any key and `[*]`
any element. A path alone means any change of the value. A component can add its own rules in component.yaml, under
[`rules:`](component.md#diff-rule).
"""
COMPUTED = """\
## Computed

Some effects do not show in a single value. They are computed from both snapshots: the rights of each RBAC subject,
the traffic that network policies allow, the sums of tenants' quotas, pods that are re-created, hosts, custom kinds,
versions.
"""
APIS = """\
## API versions that are no longer served

Rule `api-version-not-served` compares with the Kubernetes version of the new snapshot.
"""


def page() -> str:
    """Return the page."""
    computed = yaml.safe_load(effects.COMPUTED.read_text())
    lines = [f"| `{row['id']}` | {row['risk']} | {row['description']} |" for row in computed]
    parts = [INTRODUCTION, COMPUTED, "\n".join(["| rule | risk | when |", "|---|---|---|", *lines]) + "\n"]
    for file in rulebook.rule_files().values():
        parts += [f"## {file.title}\n", file.about.strip() + "\n", "\n".join(_table(file.load_rules())) + "\n"]
    return "\n".join([*parts, APIS, "\n".join(_apis()) + "\n"])


def _table(rules: list[DiffRule]) -> Iterator[str]:
    yield "| rule | kinds | where | risk | message | source |"
    yield "|---|---|---|---|---|---|"
    for rule in rules:
        kinds = ", ".join(f"`{kind.removeprefix('core/')}`" for kind in rule.kinds)
        message = rule.message.replace("|", "\\|").replace("<", "\\<")
        yield f"| `{rule.id}` | {kinds} | {_where(rule)} | {rule.risk} | {message} | [source]({rule.source}) |"


def _where(rule: DiffRule) -> str:
    if not rule.path:
        return f"object {' or '.join(rule.actions)}"
    words = [f"`{rule.path}`"]
    words += _transition(rule)
    words += [rule.change] if rule.change else []
    words += [f"except {', '.join(f'`{path}`' for path in rule.except_)}"] if rule.except_ else []
    return " ".join(words)


def _transition(rule: DiffRule) -> list[str]:
    """Return which old and new values a rule is about, in words."""
    if rule.becomes and rule.was:
        return [f"changes from {_values(rule.was)} to {_values(rule.becomes)}"]
    if rule.becomes:
        return [f"becomes {_values(rule.becomes)}"]
    return [f"is no longer {_values(rule.was)}"] if rule.was else []


def _values(values: Sequence[object]) -> str:
    return " or ".join(f"`{str(value).lower() if isinstance(value, bool) else value}`" for value in values)


def _apis() -> Iterator[str]:
    yield "| version | kinds | removed in | use |"
    yield "|---|---|---|---|"
    for api in removed_apis():
        replacement = f"`{api.replacement}`" if api.replacement else ""
        yield f"| `{api.version}` | {', '.join(api.kinds)} | {api.removed} | {replacement} |"
