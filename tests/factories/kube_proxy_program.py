"""The part of `bedplate-node` that creates kube-proxy, with the release's kubeadm and a test's API server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from factories.api_server import ApiServer
from factories.node_root import PROGRAM, kubeadm, settings_of

SETTINGS = "etc/bedplate/kubeadm.yaml"
RUN = """
import dataclasses, json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import host_paths, kube_proxy, static_pods
static_pods.API_SERVER = dataclasses.replace(static_pods.API_SERVER, health=sys.argv[3])
print(json.dumps(getattr(kube_proxy, sys.argv[4])(host_paths.HostPaths(Path(sys.argv[2])))))
"""
"""Calls a function of the program, whose API server has another address here."""


class KubeProxyProgram:
    """A control plane's folder, whose API server runs here."""

    def __init__(self, server: ApiServer, root: Path) -> None:
        """Write kubeadm's settings and the administrator's kubeconfig."""
        self.server, self._root = server, root
        content = settings_of((("renewBefore", "90d"), ("validity", "365d")))[f"/{SETTINGS}"]
        for path, text in ((SETTINGS, content), ("etc/kubernetes/admin.conf", server.kubeconfig.read_text())):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)

    def call(self, function: str, health: str = "/readyz") -> list[str]:
        """Return what a function of the program returns."""
        words: list[str | Path] = [
            sys.executable,
            "-c",
            RUN,
            PROGRAM,
            self._root,
            f"{self.server.url}{health}",
            function,
        ]
        variables = {"BEDPLATE_NODE_PATH": f"{kubeadm().parent}:/usr/bin:/bin"}
        done = subprocess.run(words, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found: list[str] = json.loads(done.stdout)
        return found
