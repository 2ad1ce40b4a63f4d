"""The rules of the diff as a Markdown page, from their data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import yaml

from bedplate.diff import effects
from bedplate.diff.effects.removed_apis import removed_apis
from bedplate.diff.rules import rulebook
from bedplate.diff.rules.rule import Rule

INTRODUCTION = """\
# Rules of the diff

Generated from the rules (`make docs`). `bedplate diff` says of each change what it will do, by the rules below; every
finding names its rule. Risks, from the least: none, restart, disruption (something stops serving for a while), data
(data is deleted, hidden or at risk), security (privilege is gained). `{pod}` is a workload's pod; a `*` stands for any
key and `[*]` for any element. A component brings rules of its own in its component.yaml, under
[`rules:`](component.md#rule).
"""
COMPUTED = """\
## Computed

What no single value tells is computed from both sides: the rights of each subject of RBAC, the paths that network
policies open, tenants' sums, pods that are made anew, hosts, custom kinds, versions.
"""
APIS = """\
## API versions that are no longer served

Rule `api-version-not-served` compares with the Kubernetes version of the new side.
"""


def page() -> str:
    """Return the page."""
    computed = yaml.safe_load(effects.COMPUTED.read_text())
    lines = [f"| `{row['id']}` | {row['risk']} | {row['description']} |" for row in computed]
    parts = [INTRODUCTION, COMPUTED, "\n".join(["| rule | risk | when |", "|---|---|---|", *lines]) + "\n"]
    for file in rulebook.rule_files().values():
        parts += [f"## {file.title}\n", file.about.strip() + "\n", "\n".join(_table(file.sourced())) + "\n"]
    return "\n".join([*parts, APIS, "\n".join(_apis()) + "\n"])


def _table(rules: list[Rule]) -> Iterator[str]:
    yield "| rule | kinds | where | risk | what is said | source |"
    yield "|---|---|---|---|---|---|"
    for rule in rules:
        kinds = ", ".join(f"`{kind.removeprefix('core/')}`" for kind in rule.kinds)
        fact = rule.fact.replace("|", "\\|").replace("<", "\\<")
        yield f"| `{rule.id}` | {kinds} | {_where(rule)} | {rule.risk} | {fact} | [source]({rule.source}) |"


def _where(rule: Rule) -> str:
    if not rule.path:
        return f"object {' or '.join(rule.when)}"
    words = [f"`{rule.path}`"]
    words += [f"becomes {_values(rule.enters)}"] if rule.enters else []
    words += [f"is no longer {_values(rule.leaves)}"] if rule.leaves else []
    words += [rule.moves] if rule.moves else []
    words += [f"apart from {', '.join(f'`{path}`' for path in rule.apart)}"] if rule.apart else []
    return " ".join(words)


def _values(values: Sequence[object]) -> str:
    return " or ".join(f"`{str(value).lower() if isinstance(value, bool) else value}`" for value in values)


def _apis() -> Iterator[str]:
    yield "| version | kinds | not since | write |"
    yield "|---|---|---|---|"
    for row in removed_apis():
        instead = f"`{row.instead}`" if row.instead else ""
        yield f"| `{row.version}` | {', '.join(row.kinds)} | {row.removed} | {instead} |"
