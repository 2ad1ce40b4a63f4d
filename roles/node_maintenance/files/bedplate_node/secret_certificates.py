"""Certificates that only the cluster's Secrets have, such as metrics-server's: no file on a host says when they end."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import static_pods
from certificate_files import Certificate
from cluster_client import kubectl
from host_paths import HostPaths, NodeError

LABEL = "bedplate.dev/component"
"""What Bedplate rendered; tenants' own certificates are theirs."""
FIELDS = r'{range .items[*]}{.metadata.namespace}/{.metadata.name} {.data.tls\.crt}{"\n"}{end}'
"""No private key is read."""
SECONDS = 5


def in_secrets(paths: HostPaths) -> Iterator[Certificate]:
    """Yield them on a control plane; none while its API server is not ready."""
    if not paths.is_control_plane or not static_pods.is_healthy(static_pods.API_SERVER.health):
        return
    words = ("get", "secrets", "-A", f"--selector={LABEL}", f"--output=jsonpath={FIELDS}")
    try:
        printed = kubectl(paths, *words, seconds=SECONDS).decode()
    except NodeError:
        return
    for line in printed.splitlines():
        name, _, encoded = line.partition(" ")
        if encoded:
            yield Certificate(f"secret-{name}", "serving", base64.b64decode(encoded))
