"""Reading the state of a host over SSH, with one connection."""

from __future__ import annotations

import json
from pathlib import Path

from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core.errors import BedplateError
from bedplate.hosts.host_command import run_on_host
from bedplate.hosts.ssh import UnreachableError
from bedplate.hosts.state import state_probe
from bedplate.hosts.state.host_questions import HostQuestions

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
        return {str(item): str(state) for item, state in json.loads(done.stdout or b"{}").items()}
    except UnreachableError:
        raise
    except (BedplateError, ValueError):
        return {}
