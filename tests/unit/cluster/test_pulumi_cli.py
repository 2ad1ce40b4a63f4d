"""`bedplate pulumi`: which commands of Pulumi need the environment's lock."""

from __future__ import annotations

import pytest

from bedplate.cluster.pulumi_cli import is_read_only


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("preview", True),
        ("preview --diff", True),
        ("stack", True),
        ("stack --show-urns", True),
        ("stack export", True),
        ("config get x", True),
        ("about", True),
        ("--version", True),
        ("up", False),
        ("up --yes", False),
        ("refresh", False),
        ("destroy --preview-only", False),
        ("cancel", False),
        ("import a b c", False),
        ("state delete urn", False),
        ("stack rm lab", False),
        ("stack import", False),
        ("config set a b", False),
        ("watch", False),
        ("something-new", False),
    ],
)
def test_commands_that_need_the_lock(words: str, expected: bool) -> None:  # noqa: FBT001  a column of the table
    """Everything takes the lock, except commands that are known to change neither the state nor the cluster."""
    assert is_read_only(words.split()) is expected
