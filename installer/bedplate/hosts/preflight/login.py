"""The findings about a host that could not be asked at all."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import Look, Rule


def _asked(_: Look) -> Iterator[str]:
    """Find nothing: a host that has facts was reached."""
    yield from ()


UNREACHED = Rule(
    "login-fails",
    "hard",
    _asked,
    "the installer works on hosts over SSH, with pinned host keys",
    "let the bastion's root log in there with its key, and put the host's key into the environment's known_hosts",
)
NO_PROBE = Rule(
    "probe-fails",
    "hard",
    _asked,
    "nothing is known about the host",
    "install python3 there; see the message",
)
RULES = (UNREACHED, NO_PROBE)
