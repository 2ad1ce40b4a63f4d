"""A small pod of an acceptance run, from which it tests the network."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bedplate.acceptance.cluster_client import PYTHON, ClusterClient

PORT = 8080
"""Port on which such a pod accepts connections."""
_ACCEPT = f"""
import socketserver
socketserver.ThreadingTCPServer(("", {PORT}), socketserver.BaseRequestHandler).serve_forever()
"""
_CONNECT = """
import json, socket, sys
answers = {}
for target in sys.argv[1:]:
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
        answers[target] = True
    except OSError:
        answers[target] = False
print(json.dumps(answers))
"""


@dataclass(frozen=True, slots=True)
class OwnPod:
    """A running pod with Python.

    Attributes:
        cluster: the cluster.
        namespace: its namespace.
        name: its name.
        address: its address.
        node: the node that it runs on.
    """

    cluster: ClusterClient
    namespace: str
    name: str
    address: str
    node: str

    @property
    def target(self) -> str:
        """Return the address and port on which it accepts connections."""
        return f"{self.address}:{PORT}"

    def python(self, code: str, *words: str) -> str:
        """Run Python code in it and return what it printed."""
        return self.cluster.run_in(self.namespace, self.name, PYTHON, "-c", code, *words)

    def reaches(self, *targets: str) -> dict[str, bool]:
        """Return for each target, address:port, whether a TCP connection to it succeeds."""
        answers: dict[str, bool] = json.loads(self.python(_CONNECT, *targets))
        return answers


def probe_pod(namespace: str, name: str, image: str) -> dict[str, Any]:
    """Return a pod that accepts connections, and meets the Pod Security Standard `restricted`."""
    container = {
        "name": "probe",
        "image": image,
        "command": [PYTHON, "-c", _ACCEPT],
        "resources": {
            "requests": {"cpu": "10m", "memory": "32Mi"},
            "limits": {"cpu": "200m", "memory": "128Mi"},
        },
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    security = {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    spec = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": security,
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": spec}
