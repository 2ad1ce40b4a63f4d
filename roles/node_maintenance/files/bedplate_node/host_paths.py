"""Where kubeadm and Bedplate keep their files on a node, and how this program runs others."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class NodeError(Exception):
    """Something that a person has to repair; its text says what, and how."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the role wrote for this host.

    Attributes:
        renew_before: seconds before its end at which a certificate is renewed.
        nodes: address of each node of the environment by its name; empty on a worker.
        endpoints: host and port of TLS servers whose certificates are watched, by name.
    """

    renew_before: float
    nodes: dict[str, str]
    endpoints: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HostPaths:
    """The folders of a host.

    Attributes:
        root: "/", or the folder that a test uses for it.
    """

    root: Path

    @property
    def kubernetes(self) -> Path:
        """Return kubeadm's folder."""
        return self.root / "etc/kubernetes"

    @property
    def pki(self) -> Path:
        """Return the folder of the control plane's certificates."""
        return self.kubernetes / "pki"

    @property
    def kubelet(self) -> Path:
        """Return the folder of the kubelet's certificates."""
        return self.root / "var/lib/kubelet/pki"

    @property
    def bedplate(self) -> Path:
        """Return the folder of Bedplate's settings."""
        return self.root / "etc/bedplate"

    @property
    def manifests(self) -> Path:
        """Return the folder of the kubelet's static pods."""
        return self.kubernetes / "manifests"

    @property
    def wanted_settings(self) -> Path:
        """Return kubeadm's configuration as the role wrote it, which only a control plane has."""
        return self.bedplate / "kubeadm.yaml"

    @property
    def applied_settings(self) -> Path:
        """Return kubeadm's configuration as it was applied last."""
        return self.state / "kubeadm.yaml"

    @property
    def settings_in_use(self) -> Path:
        """Return the configuration that the running control plane was made with."""
        return self.applied_settings if self.applied_settings.exists() else self.wanted_settings

    @property
    def patches(self) -> Path:
        """Return the folder of the patches that kubeadm applies to static pods."""
        return self.bedplate / "patches"

    @property
    def state(self) -> Path:
        """Return the folder of what this program remembers."""
        return self.root / "var/lib/bedplate/node"

    @property
    def metrics(self) -> Path:
        """Return the folder that node-exporter reads."""
        return self.root / "var/lib/bedplate/metrics"

    @property
    def is_control_plane(self) -> bool:
        """Return whether kubeadm set up a control plane here: it left the cluster's authority."""
        return self.wanted_settings.exists() and (self.pki / "ca.crt").exists()

    def settings(self) -> Settings:
        """Return what the role wrote."""
        loaded = json.loads((self.bedplate / "node.json").read_text())
        return Settings(float(loaded["renewBeforeSeconds"]), loaded["nodes"], loaded.get("endpoints", {}))


def run(words: Sequence[str | Path], *, stdin: bytes = b"", **environment: str) -> bytes:
    """Return the output of a program that gets nothing of the caller's environment, such as proxies."""
    environment = {
        "PATH": os.environ.get("BEDPLATE_NODE_PATH", PROGRAMS),
        "HOME": "/root",
        "LC_ALL": "C",
        **environment,
    }
    done = subprocess.run([str(word) for word in words], input=stdin, capture_output=True, env=environment, check=False)
    if done.returncode != 0:
        text = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise NodeError(f"{Path(words[0]).name} {words[1]} failed: {text}")
    return done.stdout


def write_atomic(path: Path, content: bytes, mode: int) -> None:
    """Write a file so that it is there completely or not at all, also after a power failure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
