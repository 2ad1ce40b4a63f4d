"""`bedplate-node state`, `begin` and `finish`: what was finished is never reset."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from factories.node_root import PROGRAM

CONTROL_PLANE, WORKER = "control-plane", "worker"
RESET = "reset --force --cri-socket unix:///run/containerd/containerd.sock\n"
FORMER = "kubeadm init was begun here and has not ended\n"
"""The mark of earlier releases, which was also written on finished hosts."""
EMPTY = "kubeadm was started here and has not ended; nothing of a cluster was on this host before\n"
ETCD, ADMIN = "var/lib/etcd/member/wal", "etc/kubernetes/admin.conf"
KUBELET, CLIENT = "etc/kubernetes/kubelet.conf", "var/lib/kubelet/pki/kubelet-client-current.pem"


class Host:
    """A host on which kubeadm is a program that only records how it was called."""

    def __init__(self, folder: Path, role: str) -> None:
        """Create it, without anything of a cluster."""
        self.root, self.calls, self._role = folder / "root", folder / "calls", role
        programs = folder / "bin"
        programs.mkdir()
        (programs / "kubeadm").write_text(f'#!/bin/sh\necho "$@" >>{self.calls}\n')
        (programs / "kubeadm").chmod(0o755)
        self._environment = {"BEDPLATE_NODE_PATH": f"{programs}:/usr/bin:/bin"}
        self.begun, self.made = (self.root / f"etc/bedplate/{role}.{suffix}" for suffix in ("begun", "made"))

    def write(self, path: str, content: str = "data\n") -> None:
        """Write a file of the host."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(content)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run the program for the host's role."""
        words = [sys.executable, str(PROGRAM), "--root", str(self.root), command, self._role]
        return subprocess.run(words, env=self._environment, capture_output=True, text=True, check=False)

    def resets(self) -> str:
        """Return how kubeadm was called."""
        return self.calls.read_text() if self.calls.exists() else ""

    def files(self) -> dict[str, str]:
        """Return every file of the host."""
        return {str(path): path.read_text() for path in sorted(self.root.rglob("*")) if path.is_file()}


@pytest.fixture
def host(tmp_path: Path, role: str) -> Host:
    """Return an empty host."""
    return Host(tmp_path, role)


STATES = [
    # role, mark of a run, stamp, what is on the host, expected state
    (CONTROL_PLANE, None, False, (), "absent"),
    (CONTROL_PLANE, None, False, (ETCD, ADMIN), "made"),
    (CONTROL_PLANE, None, False, (ETCD,), "made"),
    (CONTROL_PLANE, None, False, (ADMIN,), "made"),
    (CONTROL_PLANE, None, True, (), "made"),
    (CONTROL_PLANE, EMPTY, False, (), "interrupted"),
    (CONTROL_PLANE, EMPTY, False, (ETCD, ADMIN), "interrupted"),
    (CONTROL_PLANE, EMPTY, True, (ETCD, ADMIN), "made"),
    (CONTROL_PLANE, EMPTY, True, (ETCD,), "made"),
    (CONTROL_PLANE, FORMER, False, (), "interrupted"),
    (CONTROL_PLANE, FORMER, False, (ETCD,), ""),
    (CONTROL_PLANE, FORMER, False, (ETCD, ADMIN), ""),
    (CONTROL_PLANE, FORMER, True, (ETCD,), "made"),
    (WORKER, None, False, (), "absent"),
    (WORKER, None, False, (KUBELET, CLIENT), "made"),
    (WORKER, None, False, (CLIENT,), "made"),
    (WORKER, None, True, (), "made"),
    (WORKER, EMPTY, False, (KUBELET, CLIENT), "interrupted"),
    (WORKER, EMPTY, True, (CLIENT,), "made"),
    (WORKER, FORMER, False, (CLIENT,), ""),
]
"""An empty state: it cannot be told, so the program refuses."""


def _prepare(host: Host, mark: str | None, files: tuple[str, ...], *, stamp: bool) -> None:
    for path in files:
        host.write(path)
    if mark is not None:
        host.write(str(host.begun.relative_to(host.root)), mark)
    if stamp:
        host.write(str(host.made.relative_to(host.root)))


@pytest.mark.parametrize(("role", "mark", "stamp", "files", "state"), STATES)
def test_what_is_known_about_a_host(
    host: Host, mark: str | None, files: tuple[str, ...], state: str, *, stamp: bool
) -> None:
    """The state follows from mark, stamp and what is there; where it cannot be told, a sentence says what to do."""
    _prepare(host, mark, files, stamp=stamp)
    done = host.run("state")
    assert (done.returncode, done.stdout) == ((0, f"{state}\n") if state else (1, ""))
    if not state:
        assert "so nothing is reset" in done.stderr
        assert "remove the mark; if not, run `kubeadm reset` yourself" in done.stderr


@pytest.mark.parametrize(("role", "mark", "stamp", "files", "state"), STATES)
def test_only_an_interrupted_run_is_reset(
    host: Host, mark: str | None, files: tuple[str, ...], state: str, *, stamp: bool
) -> None:
    """It starts kubeadm on an empty host and after an interrupted run; a host that may be finished is not changed."""
    _prepare(host, mark, files, stamp=stamp)
    before = host.files()
    done = host.run("begin")
    assert host.resets() == (RESET if state == "interrupted" else "")
    if state in {"absent", "interrupted"}:
        assert (done.returncode, host.begun.read_text()) == (0, EMPTY)
        assert done.stdout == ("cleared\n" if state == "interrupted" else "unchanged\n")
    else:
        assert (done.returncode, host.files()) == (1, before)


@pytest.mark.parametrize("role", [CONTROL_PLANE, WORKER])
def test_a_finished_host_stays_finished(host: Host, role: str) -> None:
    """Once kubeadm has ended, nothing resets the host, not even where admin.conf or kubelet.conf is lost."""
    assert host.run("begin").returncode == 0
    for path in (ETCD, ADMIN) if role == CONTROL_PLANE else (KUBELET, CLIENT):
        host.write(path)
    assert host.run("finish").stdout == "stamped\n"
    assert not host.begun.exists()
    assert host.run("finish").stdout == "unchanged\n"
    (host.root / (ADMIN if role == CONTROL_PLANE else KUBELET)).unlink()
    for _ in range(2):
        assert host.run("state").stdout == "made\n"
        assert host.run("begin").returncode == 1
    assert host.resets() == ""


@pytest.mark.parametrize("role", [CONTROL_PLANE])
def test_a_kill_after_kubeadm_has_ended_is_not_an_interruption(host: Host) -> None:
    """The stamp is written before the mark is removed; with both, nothing is reset."""
    _prepare(host, EMPTY, (ETCD, ADMIN), stamp=True)
    assert host.run("begin").returncode == 1
    assert host.run("finish").stdout == "unchanged\n"
    assert (host.begun.exists(), host.made.exists(), host.resets()) == (False, True, "")
