"""The bundled Pulumi CLI for people, against the program, state and names that `bedplate apply` uses (contract 14)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from contextlib import contextmanager

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2_grpc

from bedplate.cluster import pulumi_stack
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.core import command
from bedplate.render.rendered import RenderedObject

RUN_THE_PROGRAM = ("preview", "up", "refresh", "destroy")
"""Commands that ask the layer's program what should be; the others only read or change the state."""


def attach(site: Site, layer: str, objects: Sequence[RenderedObject], catalog: Catalog, words: Sequence[str]) -> int:
    """Run one command of the CLI for a layer, on this terminal; return its exit status.

    Args:
        site: the environment, on its bastion.
        layer: the layer's name.
        objects: the layer's objects, as render gave them.
        catalog: the release.
        words: the CLI's own words, such as preview --diff.
    """
    cli = pulumi_stack.ensure_stack(site, layer, objects, catalog)
    place, settings = pulumi_stack.work_folder(site, layer), pulumi_stack.environment_variables(site)
    if not set(RUN_THE_PROGRAM) & set(words[:1]):
        return command.run_in_terminal([cli, *words], cwd=place, env=settings)
    with _served(pulumi_stack.program_of(site, objects, catalog)) as address:
        inline = [f"--client={address}", "--exec-kind=auto.inline", f"--stack={site.environment.name}"]
        return command.run_in_terminal([cli, *words, *inline], cwd=place, env=settings)


@contextmanager
def _served(program: Callable[[], None]) -> Iterator[str]:
    """Answer as the program's language host, as the Automation API does; yield the address on this machine."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(program), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0)
