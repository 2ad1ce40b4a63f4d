"""Running kubectl with the environment's administrator kubeconfig."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bedplate.artifacts import find_program
from bedplate.cluster import admin_kubeconfig
from bedplate.config.environments import Site
from bedplate.core import command

KUBECTL = Path("/usr/local/bin/kubectl")
PATIENCE = "--request-timeout=5s"
"""Option for checks before the first step: an API server that does not answer is the business of the steps."""


def run(site: Site, *words: str, stdin: bytes | None = None, timeout: float = 60, has_secrets: bool = False) -> bytes:
    """Run kubectl against an environment's cluster and return its standard output.

    Args:
        site: the environment.
        words: kubectl's command and options.
        stdin: bytes for its standard input.
        timeout: limit in seconds.
        has_secrets: keep the output out of logs and errors.
    """
    admin_kubeconfig.ensure_current(site)
    program = KUBECTL if KUBECTL.exists() else find_program.find_program("kubernetes", "kubectl")
    argv: list[str | Path] = [program, "--kubeconfig", admin_kubeconfig.path(site), *words]
    return command.run(argv, stdin=stdin, timeout=timeout, has_secrets=has_secrets).stdout


def get(site: Site, *words: str) -> Any:
    """Return the parsed JSON of ``kubectl get``: ``get(site, "nodes")``; no log has it, as Secrets may be in it."""
    return json.loads(run(site, "get", *words, "-o", "json", has_secrets=True))


def raw(site: Site, path: str) -> bytes:
    """Return the API server's response to GET on a path, which may be that of a service proxy."""
    return run(site, "get", "--raw", path)
