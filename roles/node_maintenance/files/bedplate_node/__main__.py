"""Look after kubeadm's part of this node: `bedplate-node --help`.

Python's own library alone: it runs on hosts. It works without the API server wherever that can be.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.dont_write_bytecode = True

import certificate_files  # noqa: E402
import host_metrics  # noqa: E402
import kube_proxy  # noqa: E402
import kubelet_requests  # noqa: E402
import node_state  # noqa: E402
import renewal  # noqa: E402
import secret_certificates  # noqa: E402
import static_pods  # noqa: E402
from host_paths import HostPaths, NodeError, run  # noqa: E402

UNCHANGED = "unchanged"


def main() -> None:
    """Run one command; exit with 1 and a sentence if a person is needed."""
    options = _parser().parse_args()
    paths = HostPaths(options.root)
    os.umask(0o022)
    try:
        with _lock(paths, wanted=options.command in {"renew", "configure"}):
            print("\n".join(options.run(paths, options)) or UNCHANGED)  # noqa: T201  the answer
    except NodeError as error:
        sys.exit(f"bedplate-node: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bedplate-node", description=__doc__.partition("\n")[0])
    parser.add_argument("--root", type=Path, default=Path("/"), help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", required=True)
    _add(commands, "certificates", _certificates, "print when each certificate of this host ends, as JSON")
    renew = _add(commands, "renew", _renew, "renew what ends soon, and restart what uses it")
    renew.add_argument("--no-restart", action="store_true", help="leave the control plane's pods and the kubelet alone")
    _add(commands, "configure", _configure, "apply /etc/bedplate/kubeadm.yaml to the running control plane")
    _add(commands, "compare", _compare, "print what of the control plane is missing or not as kubeadm's settings say")
    approve = _add(commands, "approve", _approve, "approve kubelets' requests for serving certificates")
    approve.add_argument("--wait-for", default="", help="name of a node whose request has to be approved")
    approve.add_argument("--seconds", type=float, default=120, help="how long to wait for it")
    _add(commands, "kubelet", _kubelet, "print why the kubelet cannot log in to the cluster, if so")
    for name, command, text in (
        ("state", _state, "print absent, interrupted or made"),
        ("begin", _begin, "mark the start of kubeadm, after clearing what an interrupted run left"),
        ("finish", _finish, "stamp the host as finished, so that nothing resets it"),
    ):
        _add(commands, name, command, text).add_argument("role", choices=node_state.ROLES)
    return parser


Command = Callable[[HostPaths, argparse.Namespace], list[str]]


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, command: Command, text: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=command)
    return parser


@contextmanager
def _lock(paths: HostPaths, *, wanted: bool) -> Iterator[None]:
    """Let the timer and an apply wait for each other."""
    if not wanted:
        yield
        return
    paths.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (paths.state / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _certificates(paths: HostPaths, _: argparse.Namespace) -> list[str]:
    found = {
        one.name: {"kind": one.kind, "starts": one.starts(), "ends": one.ends()}
        for one in certificate_files.every(paths)
    }
    return [json.dumps(found, sort_keys=True)]


def _renew(paths: HostPaths, options: argparse.Namespace) -> list[str]:
    failed = True
    try:
        made = paths.wanted_settings.exists() and _read_state(paths, "control-plane") == node_state.MADE
        changed = _renew_control_plane(paths, no_restart=options.no_restart) if made else []
        failed = False
        return changed
    finally:
        shown = [*certificate_files.served(paths.settings().endpoints), *secret_certificates.in_secrets(paths)]
        host_metrics.write_certificates(paths, [*certificate_files.every(paths), *shown], failed=failed)


def _renew_control_plane(paths: HostPaths, *, no_restart: bool) -> list[str]:
    static_pods.adopt(paths)
    changed = [f"{name} {why}" for name, why in renewal.renew(paths, paths.settings().renew_before).items()]
    why = renewal.restore_kubelet(paths)
    if why:
        changed.append(f"kubelet: {why}")
    if no_restart:
        return changed
    if why:
        run(["systemctl", "restart", "kubelet.service"])
    restarted = static_pods.restart_changed(paths, static_pods.restart_and_wait)
    return [*changed, *(f"{name} restarted" for name in restarted)]


def _configure(paths: HostPaths, _: argparse.Namespace) -> list[str]:
    static_pods.adopt(paths)
    changed = [f"{name} changed" for name in static_pods.configure(paths, static_pods.restart_and_wait)]
    # Certificates that were renewed before last as long as the former settings said.
    renewed = _renew_control_plane(paths, no_restart=False) if changed else []
    return [*changed, *renewed, *kube_proxy.repair(paths)]


def _compare(paths: HostPaths, _: argparse.Namespace) -> list[str]:
    return [*static_pods.differences(paths), *kube_proxy.differences(paths)]


def _approve(paths: HostPaths, options: argparse.Namespace) -> list[str]:
    nodes = paths.settings().nodes
    if options.wait_for:
        return [
            f"approved {n}" for n in kubelet_requests.approve_until(paths, nodes, options.wait_for, options.seconds)
        ]
    approved, refused = kubelet_requests.approve(paths, nodes)
    host_metrics.write_requests(paths, len(refused))
    for name, why in refused.items():
        print(f"not approved: {name}: {why}", file=sys.stderr)  # noqa: T201  for the journal
    return [f"approved {name}" for name in approved]


def _kubelet(paths: HostPaths, _: argparse.Namespace) -> list[str]:
    fault = renewal.kubelet_fault(paths)
    return [fault] if fault else []


def _state(paths: HostPaths, options: argparse.Namespace) -> list[str]:
    return [_read_state(paths, options.role)]


def _read_state(paths: HostPaths, role: str) -> str:
    return node_state.read_state(paths, node_state.ROLES[role])


def _begin(paths: HostPaths, options: argparse.Namespace) -> list[str]:
    return ["cleared"] if node_state.begin(paths, node_state.ROLES[options.role]) else []


def _finish(paths: HostPaths, options: argparse.Namespace) -> list[str]:
    return ["stamped"] if node_state.finish(paths, node_state.ROLES[options.role]) else []


if __name__ == "__main__":
    main()
