"""docs/reference/preflight.md: all findings of preflight."""

from __future__ import annotations

from bedplate.hosts.preflight.rules import MODULES

INTRODUCTION = """\
# Findings of preflight

Generated from the rules (`make docs`). `bedplate preflight ENV` probes every host over SSH. It changes nothing there,
except that it writes one file in /var/lib to measure the disk, and deletes it. A **hard** finding stops `apply` before
anything is changed; a **soft** finding is only reported. To accept a finding, list it in environment.yaml with
a reason:

    preflight:
      accept:
        - id: swap-on
          reason: the hosts are shared until March with the batch cluster, which needs swap
"""


def page() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for module in MODULES:
        title = (module.__doc__ or "").strip().splitlines()[0].rstrip(".")
        parts.append(f"## {title}\n")
        rows = [f"| `{rule.id}` | {rule.severity} | {rule.why} | {rule.action} |" for rule in module.RULES]
        parts.append("\n".join(["| id | severity | why it matters | what to do |", "|---|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)
