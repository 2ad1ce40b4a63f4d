"""`bedplate-node` with a real API server: the ends of certificates that only Secrets have."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

from factories.api_server import ApiServer
from factories.node_root import PROGRAM, kubeadm

SECRETS = "/api/v1/namespaces/kube-system/secrets"
RUN = """
import dataclasses, json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import host_paths, secret_certificates, static_pods
static_pods.API_SERVER = dataclasses.replace(static_pods.API_SERVER, health=sys.argv[3])
found = secret_certificates.in_secrets(host_paths.HostPaths(Path(sys.argv[2])))
print(json.dumps({one.name: one.certificate.decode() for one in found}))
"""


def _found(server: ApiServer, root: Path, health: str = "/readyz") -> dict[str, str]:
    words: list[str | Path] = [sys.executable, "-c", RUN, PROGRAM, root, f"{server.url}{health}"]
    variables = {"BEDPLATE_NODE_PATH": f"{kubeadm().parent}:/usr/bin:/bin"}
    done = subprocess.run(words, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    certificates: dict[str, str] = json.loads(done.stdout)
    return certificates


def test_certificates_of_components_are_read_from_their_secrets(server: ApiServer, tmp_path: Path) -> None:
    """Those of tenants are not, nor other Secrets; workers and a control plane without an API server have none."""
    data = {"tls.crt": base64.b64encode(b"PEM").decode(), "tls.key": base64.b64encode(b"key").decode()}
    ours = {"bedplate.dev/component": "metrics-server"}
    rows: tuple[tuple[str, dict[str, str], dict[str, str]], ...] = (
        ("own-tls", ours, data),
        ("own-token", ours, {"token": data["tls.key"]}),
        ("tenants-tls", {}, data),
    )
    (tmp_path / "etc/kubernetes/pki").mkdir(parents=True)
    (tmp_path / "etc/bedplate").mkdir(parents=True)
    (tmp_path / "etc/kubernetes/admin.conf").write_text(server.kubeconfig.read_text())
    with server.client() as client:
        try:
            for name, labels, content in rows:
                client.post(SECRETS, json={"metadata": {"name": name, "labels": labels}, "data": content})
            assert _found(server, tmp_path) == {}
            for path in ("etc/kubernetes/pki/ca.crt", "etc/bedplate/kubeadm.yaml"):
                (tmp_path / path).touch()
            assert _found(server, tmp_path) == {"secret-kube-system/own-tls": "PEM"}
            assert _found(server, tmp_path, health="/none") == {}
        finally:
            for name, _, _ in rows:
                client.delete(f"{SECRETS}/{name}")
