"""The certificates on a host: when each ends, and whether it can be used."""

from __future__ import annotations

import base64
import contextlib
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from host_paths import HostPaths, NodeError, run

PAIRS = (
    "apiserver",
    "apiserver-etcd-client",
    "apiserver-kubelet-client",
    "front-proxy-client",
    "etcd/healthcheck-client",
    "etcd/peer",
    "etcd/server",
)
"""kubeadm's certificates, as files without suffix in pki/."""
AUTHORITIES = ("ca", "front-proxy-ca", "etcd/ca")
KUBECONFIGS = ("admin", "controller-manager", "scheduler")
OPTIONAL_KUBECONFIGS = ("super-admin",)
"""An administrator may have moved it away."""
KUBELET_CLIENT, KUBELET_SERVER = "kubelet-client-current.pem", "kubelet-server-current.pem"
DATA = re.compile(rb"^\s*client-(certificate|key)-data:\s*(\S+)", re.MULTILINE)
DAY = 86400.0
SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its key.

    Attributes:
        name: what status and metrics call it.
        kind: authority, serving or client.
        certificate: PEM text; empty if there is none.
        key: PEM text of its key; empty if it was not read.
    """

    name: str
    kind: str
    certificate: bytes
    key: bytes = b""

    def ends(self) -> float:
        """Return when it ends, in seconds since 1970; 0 if it cannot be read."""
        return self._time("-enddate")

    def starts(self) -> float:
        """Return when it begins to be valid, in seconds since 1970; 0 if it cannot be read."""
        return self._time("-startdate")

    def _time(self, option: str) -> float:
        try:
            found = run(["openssl", "x509", "-noout", option], stdin=self.certificate).decode()
        except NodeError:
            return 0.0
        return float(ssl.cert_time_to_seconds(found.strip().partition("=")[2]))

    def names(self) -> frozenset[str]:
        """Return its alternative names, as openssl prints them."""
        found = run(["openssl", "x509", "-noout", "-ext", "subjectAltName"], stdin=self.certificate).decode()
        return frozenset(name.strip() for line in found.splitlines()[1:] for name in line.split(","))

    def fault(self, renew_before: float) -> str:
        """Return why it has to be replaced; empty if it need not be."""
        if not self.certificate:
            return "is missing"
        end = self.ends()
        left = end - time.time()
        if not end:
            return "cannot be read"
        if self.starts() > time.time():
            return "is not valid yet"
        if left < renew_before:
            return f"ends in {left / DAY:.1f} days" if left > 0 else "has ended"
        return "" if self._fits() else "does not fit its key"

    def _fits(self) -> bool:
        try:
            public = run(["openssl", "pkey", "-pubout"], stdin=self.key)
        except NodeError:
            return False
        return run(["openssl", "x509", "-noout", "-pubkey"], stdin=self.certificate) == public


def control_plane(paths: HostPaths) -> list[Certificate]:
    """Return the certificates that this program renews on a control plane."""
    pairs = [pair(paths.pki, name) for name in PAIRS]
    optional = [name for name in OPTIONAL_KUBECONFIGS if (paths.kubernetes / f"{name}.conf").exists()]
    return [*pairs, *(kubeconfig(paths.kubernetes, name) for name in (*KUBECONFIGS, *optional))]


def pair(folder: Path, name: str) -> Certificate:
    """Return a certificate and its key in files of their own."""
    kind = "serving" if name in {"apiserver", "etcd/peer", "etcd/server"} else "client"
    return Certificate(name, kind, _read(folder / f"{name}.crt"), _read(folder / f"{name}.key"))


def authority(paths: HostPaths, name: str) -> Certificate:
    """Return one of the cluster's authorities, without its key."""
    return Certificate(name, "authority", _read(paths.pki / f"{name}.crt"))


def kubeconfig(folder: Path, name: str) -> Certificate:
    """Return the certificate in a kubeconfig."""
    content = _read(folder / f"{name}.conf")
    data = {match[1]: match[2] for match in DATA.finditer(content)}
    try:
        certificate, key = (base64.b64decode(data.get(part, b"")) for part in (b"certificate", b"key"))
    except ValueError:
        certificate, key = content, b""
    return Certificate(f"{name}.conf", "client", certificate or content, key)


def every(paths: HostPaths) -> Iterator[Certificate]:
    """Yield every certificate that a host has, whoever renews it."""
    if paths.is_control_plane:
        yield from control_plane(paths)
        for name in AUTHORITIES:
            yield authority(paths, name)
    for name, kind in ((KUBELET_CLIENT, "client"), (KUBELET_SERVER, "serving")):
        if (paths.kubelet / name).exists():
            yield Certificate(name.partition("-current")[0], kind, _read(paths.kubelet / name))
    for name, kind in (("ca", "authority"), ("mirror", "serving")):
        if (paths.bedplate / f"{name}.crt").exists():
            yield Certificate(f"bedplate-{name}", kind, _read(paths.bedplate / f"{name}.crt"))


def served(endpoints: Mapping[str, str]) -> Iterator[Certificate]:
    """Yield the certificates that servers show, whoever renews them; a server that does not answer is left out."""
    for name, endpoint in endpoints.items():
        host, _, port = endpoint.rpartition(":")
        with contextlib.suppress(OSError):
            pem = ssl.get_server_certificate((host, int(port)), timeout=SECONDS)
            yield Certificate(f"served-{name}", "serving", pem.encode())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
