"""Reading the state of a host over SSH, with one connection."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter

from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core.errors import BedplateError
from bedplate.hosts.host_command import run_on_host
from bedplate.hosts.ssh import UnreachableError
from bedplate.hosts.state import state_probe
from bedplate.hosts.state.host_questions import HostQuestions

ANSWER = TypeAdapter(dict[str, str])
TIMEOUT_SECONDS = 30
"""A host that has not answered by then counts as one that does not answer."""


def read_state(site: Site, host: Host, questions: HostQuestions) -> dict[str, str]:
    """Return a host's answers: item to state; empty if it answers, but its state cannot be read.

    Args:
        site: how to connect.
        host: one of its hosts.
        questions: what to read; without any, only whether it answers.

    Raises:
        UnreachableError: it does not answer.
    """
    words = ["true"] if questions.is_empty else ["python3", "-", questions.model_dump_json()]
    source = Path(state_probe.__file__).read_bytes()
    try:
        done = run_on_host(site, host, words, stdin=source, timeout=TIMEOUT_SECONDS, as_root=True)
        return ANSWER.validate_json(done.stdout or b"{}")
    except UnreachableError:
        raise
    except (BedplateError, ValueError):
        return {}
