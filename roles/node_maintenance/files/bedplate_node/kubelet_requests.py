"""Approve the requests of kubelets for serving certificates, each judged against the environment's list of nodes.

Kubernetes signs such a request once it is approved, and approves none by itself. A request that is refused here is
left alone: Kubernetes removes it after a day.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import node_request
from cluster_client import kubectl
from host_paths import HostPaths, NodeError, run

SIGNER = "kubernetes.io/kubelet-serving"
USAGES = (
    {"digital signature", "server auth"},
    {"digital signature", "key encipherment", "server auth"},
)
POLL_SECONDS = 2.0
SECONDS = 20
LATELY = timedelta(minutes=5)
SHOWN = 200
"""How much of what a node wrote is shown."""


def approve(paths: HostPaths, nodes: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Approve what may be approved; return the nodes whose requests were, and why others were not, by request."""
    approved, refused = [], {}
    for request in _waiting(paths):
        name = request["metadata"]["name"]
        why = _judge(request, nodes) or _approve(paths, name)
        if why:
            refused[name] = why
        else:
            approved.append(request["spec"]["username"].rpartition(":")[2])
    return approved, refused


def approve_until(paths: HostPaths, nodes: Mapping[str, str], node: str, seconds: float) -> list[str]:
    """Approve requests until one of a node was approved, here or by the timer; return the nodes whose requests were."""
    end, approved, refused = time.monotonic() + seconds, list[str](), dict[str, str]()
    while True:
        try:
            more, refused = approve(paths, nodes)
            approved += more
            if node in approved or _approved_lately(paths, node):
                return approved
        except NodeError as error:
            refused = {"": str(error)}
        if time.monotonic() > end:
            raise NodeError(f"{node} asked for no certificate that may be approved in {seconds:.0f} s. {refused or ''}")
        time.sleep(POLL_SECONDS)


def refusal(request: Mapping[str, Any], nodes: Mapping[str, str]) -> str:
    """Return why a request may not be approved; empty if it may.

    Args:
        request: the CertificateSigningRequest. The API server itself vouches for its user and groups.
        nodes: address of each node by its name.
    """
    spec = request["spec"]
    name = str(spec["username"]).removeprefix("system:node:")
    if spec["signerName"] != SIGNER:
        return f"it is for the signer {spec['signerName']}"
    if spec["username"] != f"system:node:{name}" or "system:nodes" not in spec.get("groups", []):
        return f"{spec['username']} is not a node"
    if name not in nodes:
        return f"{name} is not a node of this environment"
    if set(spec.get("usages", [])) not in USAGES:
        return f"its usages are {', '.join(spec.get('usages', []))}"
    return _refusal_of_content(base64.b64decode(spec["request"], validate=True), name, nodes[name])


def _approve(paths: HostPaths, name: str) -> str:
    """Approve a request; return why that failed, as when it was removed a moment ago."""
    try:
        _kubectl(paths, "certificate", "approve", name)
    except NodeError as error:
        return str(error)
    return ""


def _judge(request: Mapping[str, Any], nodes: Mapping[str, str]) -> str:
    """Return why a request may not be approved, also if it cannot be judged: others must not wait for it."""
    try:
        return refusal(request, nodes)
    except Exception as error:  # noqa: BLE001  a node writes the request: nothing in it may stop the program
        return f"it cannot be judged: {error!r}"


def _refusal_of_content(pem: bytes, name: str, address: str) -> str:
    try:
        request = node_request.read(pem)
    except ValueError as error:
        return f"it cannot be read: it {error}"
    if (request.organization, request.name) != ("system:nodes", f"system:node:{name}"):
        return f"its subject is CN={request.name[:SHOWN]},O={request.organization[:SHOWN]}"
    if sorted(request.names) != sorted([f"DNS:{name}", f"IP Address:{address}"]):
        return f"its names are {', '.join(request.names)[:SHOWN] or 'missing'}"
    return "" if _is_signed(request.der) else "it is not signed with its own key"


def _is_signed(der: bytes) -> bool:
    """Return whether a request is signed with the key that it has; openssl's exit status is 0 in either case."""
    try:
        said = run(["sh", "-c", "exec openssl req -inform DER -noout -verify 2>&1"], stdin=der)
    except NodeError:
        return False
    return b"verify OK" in said


def _waiting(paths: HostPaths) -> list[dict[str, Any]]:
    return [item for item in _listed(paths) if not item.get("status", {}).get("conditions")]


def _listed(paths: HostPaths) -> list[dict[str, Any]]:
    words = ("get", "csr", f"--field-selector=spec.signerName={SIGNER}", "--output=json")
    listed: list[dict[str, Any]] = json.loads(_kubectl(paths, *words))["items"]
    return listed


def _approved_lately(paths: HostPaths, node: str) -> bool:
    """Return whether a request of a node was approved a moment ago: the timer may be quicker than an apply."""
    since = datetime.now(UTC) - LATELY
    times = [
        condition["lastUpdateTime"]
        for item in _listed(paths)
        if item["spec"]["username"] == f"system:node:{node}"
        for condition in item.get("status", {}).get("conditions", [])
        if condition["type"] == "Approved"
    ]
    return any(datetime.fromisoformat(text) > since for text in times)


def _kubectl(paths: HostPaths, *words: str) -> bytes:
    return kubectl(paths, *words, seconds=SECONDS)
