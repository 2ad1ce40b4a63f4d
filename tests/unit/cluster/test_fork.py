"""A process that has served Pulumi can still start Ansible, which forks it."""

from __future__ import annotations

import os
import subprocess
import sys

from bedplate.core import paths

FORKS = 40
PROGRAM = f"""
import concurrent.futures, sys
import bedplate.cluster, grpc, ptyprocess
server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
channel = grpc.insecure_channel(f"127.0.0.1:{{port}}")
grpc.channel_ready_future(channel).result(30)
for _ in range({FORKS}):
    child = ptyprocess.PtyProcess.spawn([sys.executable, "-c", "print('as written')"])
    said = b""
    try:
        while True:
            said += child.read()
    except EOFError:
        child.wait()
    print(child.exitstatus, said.strip())
"""
"""Forks a process in which gRPC runs, as ansible-runner does."""


def test_a_fork_is_left_alone_by_grpc() -> None:
    """Every child starts, and gRPC prints nothing into it."""
    words, env = [sys.executable, "-c", PROGRAM], {**os.environ, "PYTHONPATH": str(paths.SOURCE / "installer")}
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True, env=env)
    assert done.stdout.splitlines() == ["0 b'as written'"] * FORKS
    assert "fork" not in done.stderr
