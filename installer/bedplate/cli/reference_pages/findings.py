"""The findings of preflight as a Markdown page."""

from __future__ import annotations

from bedplate.hosts.preflight.rules import FAMILIES

INTRODUCTION = """\
# Findings of preflight

Generated from the rules (`make docs`). `bedplate preflight ENV` asks every host over SSH and changes nothing there but
one file of its own in /var/lib, which it writes to measure the disk and deletes. A **hard** finding stops `apply`
before anything is changed. A finding that is known and accepted is named in environment.yaml, with the reason:

    preflight:
      accept:
        - id: swap-on
          reason: the hosts are shared with the batch cluster until March, which needs swap
"""


def page() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for family in FAMILIES:
        title = (family.__doc__ or "").strip().splitlines()[0].rstrip(".")
        parts.append(f"## {title}\n")
        rows = [f"| `{rule.id}` | {rule.severity} | {rule.why} | {rule.action} |" for rule in family.RULES]
        parts.append("\n".join(["| id | severity | why it matters | what to do |", "|---|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)
