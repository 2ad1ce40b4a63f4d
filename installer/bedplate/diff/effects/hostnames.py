"""Hosts and paths that an Ingress no longer serves."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.diff.effects.rule_effects import join_words
from bedplate.kube.change import Action, Changes
from bedplate.kube.snapshot import Resource

SOURCE = "https://kubernetes.io/docs/concepts/services-networking/ingress/#name-based-virtual-hosting"


def findings(changes: Changes) -> Iterator[DiffFinding]:
    """Yield a finding for each Ingress that stays and loses hosts or paths."""
    for change in changes.objects:
        if change.identity.kind == "Ingress" and change.action is Action.CHANGED and change.old and change.new:
            before, after = _served(change.old), _served(change.new)
            hosts = sorted({host for host, _ in before} - {host for host, _ in after})
            paths = sorted(host + path for host, path in before - after if host not in hosts)
            for rule, gone in (("ingress-host-removed", hosts), ("ingress-path-removed", paths)):
                if gone:
                    message = f"no longer serves {join_words(host or 'all other hosts' for host in gone)}"
                    yield DiffFinding(
                        rule,
                        Risk.DISRUPTION,
                        change.identity,
                        message,
                        ("spec", "rules"),
                        change.resource.component,
                        SOURCE,
                    )


def _served(resource: Resource) -> set[tuple[str, str]]:
    rules = (resource.object.get("spec") or {}).get("rules") or []
    return {
        (str(rule.get("host") or ""), str(path.get("path") or "/"))
        for rule in rules
        for path in (rule.get("http") or {}).get("paths") or [{}]
    }
