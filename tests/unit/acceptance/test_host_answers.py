"""Questions of acceptance tests to hosts, asked on this computer."""

from __future__ import annotations

import pytest
import testinfra

from bedplate.acceptance.host_answers import LISTED, listed, on_each, output
from bedplate.core.errors import BedplateError

HERE = testinfra.get_host("local://")


def test_answers_are_by_host() -> None:
    """Each host is asked, and a word is one argument."""
    found = on_each({"a": HERE, "b": HERE}, lambda name, host: output(host, "printf %%s %s", f"{name} one"))
    assert found == {"a": "a one", "b": "b one"}


def test_a_command_that_fails_names_host_and_reason() -> None:
    """The error has the host, the command, and the last line of its error output, but not what it printed."""
    command = "sh -c %s"
    script = "echo token-of-somebody; echo first >&2; echo no such table >&2; exit 3"
    with pytest.raises(BedplateError, match="host a: command sh failed with exit status 3: no such table") as caught:
        on_each({"a": HERE}, lambda _, host: output(host, command, script))
    assert "token-of-somebody" not in str(caught.value)
    assert "first" not in str(caught.value)


def test_a_message_is_short() -> None:
    """At most some lines are listed, each cut, and the number of the others."""
    lines = listed({f"host{number}": "x" * 1000 for number in range(LISTED + 5)}).splitlines()
    assert len(lines) == LISTED + 1
    assert lines[-1] == "(5 more)"
    assert max(map(len, lines)) == 200
