"""The control plane's static pods: restart one after the other for new certificates or settings, and wait for each.

A pod is restarted by another annotation in its manifest: the kubelet then ends the old one and starts the new one.
kubeadm writes the annotation, from a patch, so that manifests always are what kubeadm makes of its configuration.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import ssl
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import certificate_files
from cluster_client import kubeconfig
from host_paths import HostPaths, NodeError, run, write_atomic

INIT = "kind: InitConfiguration\n"
ANNOTATION = "bedplate.dev/certificates"
READY_SECONDS = 180.0
POLL_SECONDS = 0.5
PROCESS_NAME_LENGTH = 15
IMAGE = re.compile(r"^\s*image: (\S+)$", re.MULTILINE)
FIXED = ("podSubnet", "serviceSubnet", "dnsDomain", "clusterName", "controlPlaneEndpoint", "dataDir", "bindPort")
"""Fields of kubeadm.yaml that a running cluster keeps."""


@dataclass(frozen=True, slots=True)
class StaticPod:
    """One of them.

    Attributes:
        name: its name, and its program's.
        health: URL at which it says that it works.
        pairs: certificates that it reads, in pki/.
        kubeconfigs: kubeconfigs that it reads.
    """

    name: str
    health: str
    pairs: tuple[str, ...] = ()
    kubeconfigs: tuple[str, ...] = ()

    def manifest(self, folder: Path) -> Path:
        """Return its manifest in a folder."""
        return folder / f"{self.name}.yaml"

    def digest(self, paths: HostPaths) -> str:
        """Return the digest of the certificates that it reads."""
        files = [certificate_files.pair(paths.pki, name) for name in self.pairs]
        files += [certificate_files.kubeconfig(paths.kubernetes, name) for name in self.kubeconfigs]
        return hashlib.sha256(b"\0".join(one.certificate for one in files)).hexdigest()[:16]


API_SERVER = StaticPod(
    "kube-apiserver",
    "https://127.0.0.1:6443/readyz",
    ("apiserver", "apiserver-kubelet-client", "apiserver-etcd-client", "front-proxy-client"),
)
PODS = (
    StaticPod("etcd", "http://127.0.0.1:2381/health", ("etcd/server", "etcd/peer", "etcd/healthcheck-client")),
    API_SERVER,
    StaticPod("kube-controller-manager", "https://127.0.0.1:10257/healthz", (), ("controller-manager",)),
    StaticPod("kube-scheduler", "https://127.0.0.1:10259/healthz", (), ("scheduler",)),
)
"""In the order in which they are restarted."""

Restart = Callable[[StaticPod, Callable[[], None]], None]


def adopt(paths: HostPaths) -> None:
    """Remember which certificates and settings the running pods were started with, if nothing was remembered yet."""
    if not _state(paths).exists():
        _remember(paths, {pod.name: pod.digest(paths) for pod in PODS})
    if not paths.applied_settings.exists():
        write_atomic(paths.applied_settings, paths.wanted_settings.read_bytes(), 0o600)


def restart_changed(paths: HostPaths, restart: Restart) -> list[str]:
    """Restart the pods whose certificates differ from those that they were started with; return their names."""
    remembered = json.loads(_state(paths).read_text())
    changed = [pod for pod in PODS if pod.digest(paths) != remembered.get(pod.name)]
    return _bring(paths, paths.settings_in_use, restart, remembered, changed) if changed else []


def configure(paths: HostPaths, restart: Restart) -> list[str]:
    """Apply kubeadm.yaml to the running pods; return the names of those that it changed."""
    check_settings(paths)
    remembered = json.loads(_state(paths).read_text())
    changed = _bring(paths, paths.wanted_settings, restart, remembered, PODS)
    if paths.applied_settings.read_bytes() != paths.wanted_settings.read_bytes():
        _upload(paths)
        write_atomic(paths.applied_settings, paths.wanted_settings.read_bytes(), 0o600)
        changed.append("settings")
    return changed


def differences(paths: HostPaths) -> list[str]:
    """Return which manifests are missing, or are not what kubeadm makes of its settings."""
    wanted = _manifests(paths, paths.wanted_settings)
    return [f"{pod.name}'s manifest differs" for pod in PODS if _content(pod, paths) != wanted[pod.name]]


def _content(pod: StaticPod, paths: HostPaths) -> bytes:
    manifest = pod.manifest(paths.manifests)
    return manifest.read_bytes() if manifest.exists() else b""


def check_settings(paths: HostPaths) -> None:
    """Refuse settings that a running cluster cannot take."""
    before, after = (_fixed(path.read_text()) for path in (paths.settings_in_use, paths.wanted_settings))
    other = [f"{name}: {before[name]} to {after.get(name)}" for name in before if before[name] != after.get(name)]
    if other:
        raise NodeError(f"a running cluster cannot change {'; '.join(other)}. Set the old value again")


def _fixed(text: str) -> dict[str, str]:
    found = (re.search(rf"^\s*{name}: (\S+)$", text, re.MULTILINE) for name in FIXED)
    return {name: match[1] for name, match in zip(FIXED, found, strict=True) if match}


def _bring(
    paths: HostPaths, settings: Path, restart: Restart, remembered: dict[str, str], pods: Sequence[StaticPod]
) -> list[str]:
    """Bring pods to what kubeadm makes of a configuration and to the certificates on disk; return what changed."""
    digests = {pod.name: pod.digest(paths) for pod in pods}
    for pod in pods:
        if digests[pod.name] != remembered.get(pod.name):
            patch = {"metadata": {"annotations": {ANNOTATION: digests[pod.name]}}}
            write_atomic(paths.patches / f"{pod.name}+merge.json", json.dumps(patch).encode(), 0o644)
    wanted, changed = _manifests(paths, settings), []
    for pod in pods:
        target = pod.manifest(paths.manifests)
        current = _content(pod, paths)
        if current != wanted[pod.name]:
            _check_images(pod.name, current.decode(), wanted[pod.name].decode())
            restart(pod, _writer(target, wanted[pod.name]))
            changed.append(pod.name)
        remembered = {**remembered, pod.name: digests[pod.name]}
        _remember(paths, remembered)
    return changed


def _writer(target: Path, content: bytes) -> Callable[[], None]:
    return lambda: write_atomic(target, content, 0o600)


def _check_images(name: str, current: str, wanted: str) -> None:
    before, after = IMAGE.findall(current), IMAGE.findall(wanted)
    if before and before != after:
        raise NodeError(
            f"{name} runs {', '.join(before)} and would become {', '.join(after)}: Bedplate cannot upgrade a running "
            "cluster yet. Go back to the release that is installed"
        )


def _manifests(paths: HostPaths, settings: Path) -> Mapping[str, bytes]:
    """Return what kubeadm makes of a configuration, by pod."""
    paths.patches.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="manifests-", dir=paths.state))
    try:
        text = settings.read_text().replace(INIT, f"{INIT}patches:\n  directory: {paths.patches}\n", 1)
        patched = folder / "kubeadm.yaml"
        patched.write_text(text)
        for phase in (("etcd", "local"), ("control-plane", "all")):
            words = ["kubeadm", "init", "phase", *phase, "--config", patched, "--dry-run"]
            run(words, KUBEADM_INIT_DRYRUN_DIR=str(folder))
        return {pod.name: pod.manifest(folder).read_bytes() for pod in PODS}
    finally:
        shutil.rmtree(folder)


def _upload(paths: HostPaths) -> None:
    """Give the cluster its own copy of the configuration, which joining nodes read."""
    phase = ["kubeadm", "init", "phase", "upload-config", "all", "--config", paths.wanted_settings]
    run([*phase, *kubeconfig(paths)])


def _state(paths: HostPaths) -> Path:
    return paths.state / "pods.json"


def _remember(paths: HostPaths, digests: Mapping[str, str]) -> None:
    content = json.dumps(dict(digests), sort_keys=True).encode()
    if not _state(paths).exists() or _state(paths).read_bytes() != content:
        write_atomic(_state(paths), content, 0o600)


def restart_and_wait(pod: StaticPod, write: Callable[[], None]) -> None:
    """Write a pod's manifest, and wait until the kubelet has replaced it and the new one works."""
    before = _processes(pod.name)
    write()
    end = time.monotonic() + READY_SECONDS
    while not (_processes(pod.name) - before) or not is_healthy(pod.health):
        if time.monotonic() > end:
            raise NodeError(
                f"{pod.name} did not start again within {READY_SECONDS:.0f} s; see `journalctl -u kubelet` and "
                f"/var/log/pods/kube-system_{pod.name}-*"
            )
        time.sleep(POLL_SECONDS)


def _processes(name: str) -> set[str]:
    """Return the processes with a program's name, each with its start, as ids are used again."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "comm").read_text().strip() == name[:PROCESS_NAME_LENGTH]:
                found.add(f"{folder.name} {(folder / 'stat').read_text().rpartition(')')[2].split()[19]}")
        except OSError:
            continue
    return found


def is_healthy(url: str) -> bool:
    """Return whether a server on this host says that it works."""
    # The answer says only whether it works; who serves it on this host's loopback is not in question.
    context = ssl._create_unverified_context()  # noqa: S323,SLF001
    handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)]
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=5) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except (urllib.error.URLError, OSError):
        return False
