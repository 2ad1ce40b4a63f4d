"""`bedplate-node approve` on requests that a node crafted: each is refused, and no other one has to wait for it."""

from __future__ import annotations

import base64
import ipaddress
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AttributeOID, ExtendedKeyUsageOID, NameOID

from bedplate.core import paths

PROGRAM = paths.SOURCE / "roles/node_maintenance/files/bedplate_node"
DATA = Path(__file__).parents[2] / "data/kubelet_requests"
NODES = {"worker1": "198.18.0.12", "worker2": "198.18.0.13"}
KUBECTL = """#!/bin/sh
case "$1" in
    get) cat "$(dirname "$0")/requests.json" ;;
    certificate) [ "$3" != gone ] || { echo "Error: NotFound" >&2; exit 1; }; echo "$3" >>"$(dirname "$0")/approved" ;;
esac
"""
NAMES: list[x509.GeneralName] = [x509.DNSName("worker1"), x509.IPAddress(ipaddress.ip_address("198.18.0.12"))]
SUBJECT = [(NameOID.ORGANIZATION_NAME, "system:nodes"), (NameOID.COMMON_NAME, "system:node:worker1")]
KEY = ec.generate_private_key(ec.SECP256R1())
Builder = x509.CertificateSigningRequestBuilder


def _builder(subject: list[tuple[x509.ObjectIdentifier, str]] | None = None) -> Builder:
    attributes = [x509.NameAttribute(oid, text) for oid, text in SUBJECT if subject is None]
    attributes += [x509.NameAttribute(oid, text) for oid, text in subject or []]
    return Builder().subject_name(x509.Name(attributes))


def _pem(builder: Builder) -> bytes:
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _named(*more: x509.GeneralName, critical: bool = False) -> Builder:
    return _builder().add_extension(x509.SubjectAlternativeName([*NAMES, *more]), critical=critical)


def _armored(der: bytes) -> bytes:
    text = base64.encodebytes(der)
    return b"-----BEGIN CERTIFICATE REQUEST-----\n" + text + b"-----END CERTIFICATE REQUEST-----\n"


def _der(builder: Builder) -> bytes:
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _not_text() -> bytes:
    der = _der(_named().add_attribute(AttributeOID.CHALLENGE_PASSWORD, b"password"))
    return der.replace(b"password", b"passwor\xff")


def _other_signature() -> bytes:
    der = _der(_named())
    return der[:-1] + bytes([der[-1] ^ 1])


def _long_length(der: bytes) -> bytes:
    """Return a request with the outermost length written in more bytes than DER allows."""
    assert der[1] == 0x82  # two bytes of length follow
    return der[:1] + b"\x83\x00" + der[2:]


OWN = _pem(_named())
CRAFTED: dict[str, Callable[[], bytes]] = {
    "a password that is not text": lambda: _armored(_not_text()),
    "names in the text of a password": (DATA / "second_names_in_password.csr").read_bytes,
    "an attribute that is empty": lambda: _pem(_named().add_attribute(AttributeOID.UNSTRUCTURED_NAME, b"")),
    "an extension that makes it an authority": lambda: _pem(
        _named().add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    ),
    "a usage for clients in the request": lambda: _pem(
        _named().add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    ),
    "names that are critical": lambda: _pem(_named(critical=True)),
    "the same name twice": lambda: _pem(_named(NAMES[0])),
    "a name with a null byte": lambda: _pem(_named(x509.DNSName("worker1\0.lab.test"))),
    "an address of IPv6": lambda: _pem(_named(x509.IPAddress(ipaddress.ip_address("2001:db8::1")))),
    "a name of a directory": lambda: _pem(_named(x509.DirectoryName(x509.Name([])))),
    "a second common name": lambda: _pem(_builder([*SUBJECT, (NameOID.COMMON_NAME, "system:node:cp1")])),
    "no subject": lambda: _pem(_builder([])),
    "a line break in the subject": lambda: _pem(_builder([SUBJECT[0], (NameOID.COMMON_NAME, "x\nnot approved: a")])),
    "a signature of another key": lambda: _armored(_other_signature()),
    "bytes after its end": lambda: _armored(_der(_named()) + b"\x05\x00"),
    "a length that is not DER": lambda: _armored(_long_length(_der(_named()))),
    "cut off": lambda: _armored(_der(_named())[:-40]),
    "two requests in one": lambda: OWN + _pem(_named(x509.DNSName("cp1"))),
    "a request after some text": lambda: b"text\n" + OWN,
    "no PEM": lambda: b"\xff\xfe",
    "nothing": lambda: b"",
}
"""What worker1 might send, all as its own user and with the right usages."""


class Host:
    """A control plane whose kubectl lists some requests."""

    def __init__(self, folder: Path, requests: Mapping[str, bytes]) -> None:
        """Write the program's settings, and a kubectl."""
        self.root, self._programs = folder / "root", folder / "bin"
        (self.root / "etc/bedplate").mkdir(parents=True)
        (self.root / "etc/bedplate/node.json").write_text(json.dumps({"renewBeforeSeconds": 1, "nodes": NODES}))
        self._programs.mkdir()
        (self._programs / "kubectl").write_text(KUBECTL)
        (self._programs / "kubectl").chmod(0o755)
        items = [_object(name, pem) for name, pem in requests.items()]
        (self._programs / "requests.json").write_text(json.dumps({"items": items}))

    def approve(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the program."""
        argv = [sys.executable, str(PROGRAM), "--root", str(self.root), "approve", *words]
        environment = {"BEDPLATE_NODE_PATH": f"{self._programs}:/usr/bin:/bin"}
        return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)

    def approved(self) -> list[str]:
        """Return the requests that kubectl was made to approve."""
        file = self._programs / "approved"
        return file.read_text().split() if file.exists() else []


def _object(name: str, pem: bytes) -> dict[str, object]:
    spec = {
        "username": "system:node:worker1",
        "groups": ["system:nodes", "system:authenticated"],
        "signerName": "kubernetes.io/kubelet-serving",
        "usages": ["digital signature", "server auth"],
        "request": base64.b64encode(pem).decode(),
    }
    return {"metadata": {"name": name}, "spec": spec, "status": {}}


def test_a_kubelets_request_is_approved(tmp_path: Path) -> None:
    """What Go's library writes for a kubelet is approved."""
    host = Host(tmp_path, {"own": (DATA / "kubelet.csr").read_bytes()})
    done = host.approve()
    assert (done.returncode, done.stdout, host.approved()) == (0, "approved worker1\n", ["own"]), done.stderr


@pytest.mark.parametrize("case", CRAFTED)
def test_a_crafted_request_is_refused(case: str, tmp_path: Path) -> None:
    """It is refused in one line, the metric counts it, and the request after it is approved."""
    host = Host(tmp_path, {"crafted": CRAFTED[case](), "own": OWN})
    done = host.approve()
    assert (done.returncode, done.stdout, host.approved()) == (0, "approved worker1\n", ["own"]), done.stderr
    assert done.stderr.startswith("not approved: crafted: it"), done.stderr
    assert done.stderr.count("\n") == 1
    metrics = (host.root / "var/lib/bedplate/metrics/kubelet_requests.prom").read_text()
    assert metrics.endswith("bedplate_kubelet_requests_refused 1\n")


def test_an_unexpected_object_is_refused(tmp_path: Path) -> None:
    """A request without a part that every one has, and one that is gone when it is approved, stop no other one."""
    host = Host(tmp_path, {"broken": OWN, "gone": OWN, "own": OWN})
    file = tmp_path / "bin/requests.json"
    listed = json.loads(file.read_text())
    del listed["items"][0]["spec"]["request"]
    file.write_text(json.dumps(listed))
    done = host.approve("--wait-for", "worker1", "--seconds", "1")
    assert (done.returncode, host.approved()) == (0, ["own"]), done.stderr
