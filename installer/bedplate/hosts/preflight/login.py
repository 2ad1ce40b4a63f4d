"""Findings about a host that could not be probed: login failed, or the probe did not run."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import HostContext, HostRule


def _nothing(_: HostContext) -> Iterator[str]:
    """Find nothing: a host whose facts are known was reached."""
    yield from ()


LOGIN_FAILED = HostRule(
    "login-fails",
    "hard",
    _nothing,
    "the installer connects to hosts over SSH, with pinned host keys",
    "let the bastion's root log in there with its key, and add the host's key to the environment's known_hosts",
)
WORKER_SILENT = HostRule(
    "worker-silent",
    "soft",
    _nothing,
    "`apply` passes it by, brings the other hosts and the cluster to the release, and ends with exit code 1",
    "as for login-fails; a machine in repair goes into the group maintenance of hosts.yaml",
)
PROBE_FAILED = HostRule(
    "probe-fails",
    "hard",
    _nothing,
    "nothing is known about the host",
    "fix the cause in the message; the host needs python3",
)
RULES = (LOGIN_FAILED, WORKER_SILENT, PROBE_FAILED)
