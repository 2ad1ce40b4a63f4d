"""`bedplate pulumi`: the bundled Pulumi CLI with the program, state and names of `bedplate apply`.

Contract 14, docs/explanation/design.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from contextlib import contextmanager

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2_grpc

from bedplate.cluster import pulumi_stack, stack_state
from bedplate.cluster.pulumi_stack import StackContent
from bedplate.config.environments import Site
from bedplate.core import command

READ_ONLY: dict[str, tuple[str, ...] | None] = {
    "preview": None,
    "stack": ("", "export", "graph", "history", "ls", "output"),
    "config": ("", "get"),
    **dict.fromkeys(("about", "help", "logs", "version", "whoami", "--help", "--version")),
}
"""Commands that change neither the state nor the cluster: first word to second words, or to None for any.

All others need the environment's lock.
"""
RUN_THE_PROGRAM = ("preview", "up", "refresh", "destroy")
"""Commands that run the stack's program; the others only read or change the state."""


def is_read_only(words: Sequence[str]) -> bool:
    """Return whether a command of the CLI changes neither the state nor the cluster."""
    first, *others = words
    second = next((word for word in others if not word.startswith("-")), "")
    seconds = READ_ONLY.get(first, ())
    return seconds is None or second in seconds


def attach(site: Site, content: StackContent, words: Sequence[str]) -> int:
    """Run one command of the CLI for a stack, on this terminal.

    Args:
        site: the environment, on its bastion; its lock is held unless the command is read-only.
        content: what the stack applies.
        words: the command and its options, such as preview --diff.

    Returns:
        The exit status.
    """
    if not is_read_only(words) and (text := stack_state.ensure_readable(site, content.name)):
        print(text, file=sys.stderr)  # noqa: T201  Pulumi's own output follows on this terminal
    cli = pulumi_stack.ensure_stack(site, content)
    folder, settings = pulumi_stack.work_folder(site, content.name), pulumi_stack.environment_variables(site)
    if not set(RUN_THE_PROGRAM) & set(words[:1]):
        return command.run_in_terminal([cli, *words], cwd=folder, env=settings)
    with _served(pulumi_stack.program_of(site, content)) as address:
        inline = [f"--client={address}", "--exec-kind=auto.inline", f"--stack={content.name.in_pulumi(site)}"]
        return command.run_in_terminal([cli, *words, *inline], cwd=folder, env=settings)


@contextmanager
def _served(program: Callable[[], None]) -> Iterator[str]:
    """Serve the program as a language host, as the Automation API does; yield its address on this machine."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(program), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0)
