"""`bedplate pulumi`: which commands of Pulumi need the environment's lock."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from bedplate.cluster import pulumi_cli, pulumi_stack, stack_state
from bedplate.cluster.pulumi_cli import is_read_only
from bedplate.cluster.pulumi_stack import StackContent
from bedplate.cluster.stack_name import StackName
from bedplate.core import command
from factories.render_site import make_site


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


class Terminal:
    """A terminal on which Pulumi runs.

    Attributes:
        runs: its commands, with folder and variables.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        """Answer instead of Pulumi."""
        self.runs: list[tuple[list[Any], dict[str, Any]]] = []
        patch.setattr(command, "run_in_terminal", self._run)
        patch.setattr(pulumi_stack, "ensure_stack", lambda *_: Path("/cli/pulumi"))
        patch.setattr(stack_state, "ensure_readable", lambda *_: "restored a copy")

    def _run(self, argv: list[Any], **options: Any) -> int:
        self.runs.append((argv, options))
        address = next((one.partition("=")[2] for one in argv if str(one).startswith("--client=")), "")
        if address:
            with socket.create_connection(tuple(address.split(":")), timeout=10):
                pass
        return 7


@pytest.mark.parametrize(
    ("words", "runs_program", "restores"),
    [
        ("preview --diff", True, False), ("up", True, True), ("refresh", True, True), ("destroy --yes", True, True),
        ("stack export", False, False), ("cancel", False, True),
    ],
)  # fmt: skip
def test_a_command_runs_on_this_terminal(  # noqa: PLR0913, PLR0917  columns of the table, and fixtures
    words: str, runs_program: bool, restores: bool,  # noqa: FBT001
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """In the stack's folder, with the environment's settings; those that run the program reach it on this machine."""
    terminal, site, content = Terminal(monkeypatch), make_site(tmp_path), StackContent(StackName("one", "part"), (), {})
    assert pulumi_cli.attach(site, content, words.split()) == 7
    ((argv, options),) = terminal.runs
    inline = ["--exec-kind=auto.inline", f"--stack={site.environment.name}.part"]
    assert argv[: len(words.split()) + 1] == [Path("/cli/pulumi"), *words.split()]
    more = argv[len(words.split()) + 1 :]
    assert (more[:1] and more[0].startswith("--client=127.0.0.1:"), more[1:]) == (
        (True, inline) if runs_program else ([], [])
    )
    assert options == {
        "cwd": pulumi_stack.work_folder(site, content.name),
        "env": pulumi_stack.environment_variables(site),
    }
    assert capsys.readouterr().err == ("restored a copy\n" if restores else "")
