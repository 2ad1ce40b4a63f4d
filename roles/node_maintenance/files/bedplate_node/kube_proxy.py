"""kubeadm's kube-proxy in the cluster: what of it differs from kubeadm's settings, and create it again.

Without kube-proxy no Service can be reached from a new pod or node. kubeadm creates it once, and nothing watches it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import static_pods
from cluster_client import kubeconfig, kubectl
from host_paths import HostPaths, run

PHASE = ("kubeadm", "init", "phase", "addon", "kube-proxy", "--config")
KIND = re.compile(r"^kind: (\S+)$", re.MULTILINE)
DAEMON_SET = "DaemonSet"
ABOUT = ("apiVersion", "kind", "metadata", "status")
"""Fields that do not say how kube-proxy runs."""
RESTARTED = "kubectl.kubernetes.io/restartedAt"
SECONDS = 5

Json = dict[str, Any]


def differences(paths: HostPaths) -> list[str]:
    """Return what is missing or differs; nothing while the API server is not ready, which others notice."""
    if not static_pods.is_healthy(static_pods.API_SERVER.health):
        return []
    return [f"kube-proxy's {kind} {fact}" for kind, fact in _faults(paths).items()]


def repair(paths: HostPaths) -> list[str]:
    """Let kubeadm create again what is missing or differs, and restart the pods; return what that was."""
    found = differences(paths)
    if found:
        put(paths)
    return found


def put(paths: HostPaths) -> None:
    """Create all objects as kubeadm's settings say, and let pods that run read them."""
    run([*PHASE, paths.wanted_settings, *kubeconfig(paths)])
    kubectl(paths, "rollout", "restart", "daemonset/kube-proxy", "--namespace=kube-system")


def _faults(paths: HostPaths) -> dict[str, str]:
    """Return what is wrong with kubeadm's objects, by kind; there is one of each."""
    wanted = run([*PHASE, paths.wanted_settings, "--print-manifest"])
    live = _by_kind(_kubectl(paths, wanted, "get", "--ignore-not-found"))
    missing = {kind: "is missing" for kind in KIND.findall(wanted.decode()) if kind not in live}
    if missing:
        return missing
    # The server fills in its defaults, as it does when kubeadm writes the objects.
    replaced = _by_kind(_kubectl(paths, wanted, "replace", "--dry-run=server"))
    return {kind: "differs" for kind in replaced if _content(live[kind]) != _content(replaced[kind])}


def _kubectl(paths: HostPaths, manifest: bytes, *words: str) -> bytes:
    return kubectl(paths, *words, "--filename=-", "--output=json", stdin=manifest, seconds=SECONDS)


def _by_kind(printed: bytes) -> Mapping[str, Json]:
    return {item["kind"]: item for item in _objects(printed.decode())}


def _objects(text: str) -> Iterator[Json]:
    """Yield the objects that kubectl prints: one, a list of them, or one after the other."""
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        found, end = decoder.raw_decode(rest)
        yield from found["items"] if found["kind"] == "List" else [found]
        rest = rest[end:].lstrip()


def _content(item: Json) -> Json:
    """Return what an object says, without the mark of a restart in its pods' template."""
    content = {key: value for key, value in item.items() if key not in ABOUT}
    if item["kind"] == DAEMON_SET:
        annotations = content["spec"]["template"]["metadata"].get("annotations") or {}
        kept = {name: value for name, value in annotations.items() if name != RESTARTED}
        content["spec"]["template"]["metadata"]["annotations"] = kept
    return content
