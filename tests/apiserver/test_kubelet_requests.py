"""`bedplate-node approve` against a real API server: which requests for kubelets' serving certificates are approved."""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import itertools
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AttributeOID, NameOID

from factories.api_server import ApiServer
from factories.node_root import PROGRAM

NODES = {"cp1": "198.18.0.11", "worker1": "198.18.0.12"}
NODE_GROUPS = ("system:nodes", "system:authenticated")
SERVING, CLIENT = "kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client"
USAGES = ("digital signature", "server auth")
NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Request:
    """A request for a certificate, and who makes it.

    Attributes:
        user: the user, as the API server sees it.
        groups: the user's groups.
        subject: common name in the request.
        organization: organization in the request.
        names: DNS names in the request.
        addresses: addresses in the request.
        others: further alternative names.
        usages: what the certificate is for.
        signer: who is to sign it.
        is_rsa: whether its key is an RSA key.
        password: a challenge password, which openssl prints as it is.
    """

    user: str = "system:node:worker1"
    groups: tuple[str, ...] = NODE_GROUPS
    subject: str = "system:node:worker1"
    organization: str = "system:nodes"
    names: tuple[str, ...] = ("worker1",)
    addresses: tuple[str, ...] = ("198.18.0.12",)
    others: tuple[x509.GeneralName, ...] = ()
    usages: tuple[str, ...] = USAGES
    signer: str = SERVING
    is_rsa: bool = False
    password: bytes = b""

    def pem(self) -> bytes:
        """Return the signed request."""
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, self.organization),
                x509.NameAttribute(NameOID.COMMON_NAME, self.subject),
            ]
        )
        wanted: list[x509.GeneralName] = [x509.DNSName(one) for one in self.names]
        wanted += [x509.IPAddress(ipaddress.ip_address(one)) for one in self.addresses]
        wanted += self.others
        builder = x509.CertificateSigningRequestBuilder().subject_name(name)
        if wanted:
            builder = builder.add_extension(x509.SubjectAlternativeName(wanted), critical=False)
        if self.password:
            builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, self.password)
        key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = ec.generate_private_key(ec.SECP256R1())
        if self.is_rsa:
            key = rsa.generate_private_key(65537, 2048)
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class ForbiddenError(Exception):
    """The API server itself refuses to take a request."""


class Cluster:
    """The API server as the program and requesting nodes see it."""

    def __init__(self, server: ApiServer, root: Path) -> None:
        """Give the program the administrator's kubeconfig and the list of nodes."""
        self._server, self.root = server, root
        for path, content in (
            ("etc/kubernetes/admin.conf", server.kubeconfig.read_text()),
            ("etc/bedplate/node.json", json.dumps({"renewBeforeSeconds": 1, "nodes": NODES})),
        ):
            (root / path).parent.mkdir(parents=True)
            (root / path).write_text(content)

    def kubectl(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator."""
        argv: list[str | Path] = [self._server.kubectl, "--kubeconfig", self._server.kubeconfig, *words]
        return subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)

    def file(self, request: Request) -> str:
        """File a request as its user, and return its name."""
        name = f"csr-{next(NUMBERS)}"
        spec = {
            "request": base64.b64encode(request.pem()).decode(),
            "signerName": request.signer,
            "usages": list(request.usages),
        }
        made = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": name}}
        groups = [f"--as-group={group}" for group in request.groups]
        words = ("create", f"--as={request.user}", *groups, "-f", "-")
        done = self.kubectl(*words, stdin=json.dumps({**made, "spec": spec}))
        if "forbidden" in done.stderr.lower():
            raise ForbiddenError(done.stderr)
        assert done.returncode == 0, done.stderr
        return name

    def approve(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the program."""
        argv = [sys.executable, str(PROGRAM), "--root", str(self.root), "approve", *words]
        environment = {"BEDPLATE_NODE_PATH": f"{self._server.kubectl.parent}:/usr/bin:/bin"}
        return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)

    def conditions(self, name: str) -> list[str]:
        """Return the conditions of a request."""
        found = json.loads(self.kubectl("get", "csr", name, "-o", "json").stdout)
        return [one["type"] for one in found["status"].get("conditions", [])]


@pytest.fixture
def cluster(server: ApiServer, tmp_path: Path) -> Cluster:
    """Return the API server, in which anybody who is logged in may file requests, and none waits."""
    return prepared(server, tmp_path)


def prepared(server: ApiServer, folder: Path) -> Cluster:
    """Remove all requests, and let everybody who is logged in file some."""
    found = Cluster(server, folder / "root")
    found.kubectl("delete", "csr", "--all")
    found.kubectl("create", "clusterrole", "filing", "--verb=create", "--resource=certificatesigningrequests")
    found.kubectl("create", "clusterrolebinding", "filing", "--clusterrole=filing", "--group=system:authenticated")
    return found


@pytest.mark.parametrize(
    "made",
    [
        Request(),
        Request(usages=(*USAGES, "key encipherment"), is_rsa=True),
        Request(user="system:node:cp1", subject="system:node:cp1", names=("cp1",), addresses=("198.18.0.11",)),
    ],
    ids=["as kubelets ask", "with an RSA key", "control plane"],
)
def test_a_nodes_own_request_is_approved(cluster: Cluster, made: Request) -> None:
    """A node of the environment that asks for its own name and address gets a certificate, and only once."""
    name = cluster.file(made)
    done = cluster.approve()
    assert (done.returncode, done.stdout) == (0, f"approved {made.user.rpartition(':')[2]}\n"), done.stderr
    assert cluster.conditions(name) == ["Approved"]
    assert cluster.approve().stdout == "unchanged\n"


MALLORY = ("mallory", ("system:authenticated",))
REFUSED = {
    "another node's name and address": (
        Request(names=("cp1",), addresses=("198.18.0.11",)),
        "its names are DNS:cp1, IP Address:198.18.0.11",
    ),
    "another node's name as well": (Request(names=("worker1", "cp1")), "its names are DNS:worker1, DNS:cp1, IP"),
    "a name of the site as well": (Request(names=("worker1", "api.lab.test")), "its names are"),
    "another address as well": (Request(addresses=("198.18.0.12", "198.18.0.11")), "its names are"),
    "another node's address": (
        Request(addresses=("198.18.0.11",)),
        "its names are DNS:worker1, IP Address:198.18.0.11",
    ),
    "no address": (Request(addresses=()), "its names are DNS:worker1"),
    "no name": (Request(names=()), "its names are IP Address:198.18.0.12"),
    "no names at all": (Request(names=(), addresses=()), "its names are missing"),
    "an email address as well": (Request(others=(x509.RFC822Name("a@lab.test"),)), "its names are"),
    "a URI as well": (Request(others=(x509.UniformResourceIdentifier("spiffe://lab/api"),)), "its names are"),
    "names hidden in one name": (Request(names=("worker1, DNS:cp1",)), "its names are"),
    "a password": (Request(password=b"x\n  X509v3 Subject Alternative Name:"), "it cannot be read: it has 2 elements"),
    "a certificate for clients": (Request(usages=("digital signature", "client auth")), "its usages are"),
    "servers and clients": (Request(usages=(*USAGES, "client auth")), "its usages are"),
    "a certificate that signs": (Request(usages=(*USAGES, "cert sign")), "its usages are"),
    "no user of a node": (Request(*MALLORY), "mallory is not a node"),
    "a user that looks like a node": (Request(user="system:node:worker1", groups=MALLORY[1]), "is not a node"),
    "a user named as a node": (Request(user="worker1"), "worker1 is not a node"),
    "a node of no environment": (
        Request(user="system:node:rogue", subject="system:node:rogue", names=("rogue",)),
        "rogue is not a node of this environment",
    ),
    "another organization": (Request(*MALLORY, organization="system:masters"), "mallory is not a node"),
    "another node's subject": (Request(subject="system:node:cp1"), "its subject is CN=system:node:cp1,O=system:nodes"),
    "another group's subject": (Request(organization="system:masters"), "its subject is CN=system:node:worker1"),
}


@pytest.fixture(scope="module")
def judged(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, list[str]]]:
    """File every case, run the program once, and return what it says about each, and the conditions afterwards.

    A case that the API server itself refuses to file is missing.
    """
    cluster = prepared(server, tmp_path_factory.mktemp("judged"))
    names: dict[str, str] = {}
    for case, (request, _) in REFUSED.items():
        with contextlib.suppress(ForbiddenError):
            names[case] = cluster.file(request)
    done = cluster.approve()
    assert (done.returncode, done.stdout) == (0, "unchanged\n"), done.stderr
    said = dict(line.removeprefix("not approved: ").split(": ", 1) for line in done.stderr.splitlines())
    metrics = (cluster.root / "var/lib/bedplate/metrics/kubelet_requests.prom").read_text()
    assert metrics.endswith(f"bedplate_kubelet_requests_refused {len(names)}\n")
    return {case: (said[name], cluster.conditions(name)) for case, name in names.items()}


@pytest.mark.parametrize("case", REFUSED)
def test_any_other_request_is_not_approved(judged: dict[str, tuple[str, list[str]]], case: str) -> None:
    """It stays as it is, the journal says why, and a metric counts it. Some, the API server itself refuses."""
    request, why = REFUSED[case]
    if case in judged:
        said, conditions = judged[case]
        assert why in said
        assert conditions == []
    else:
        _check_judge(request, why)


def _check_judge(request: Request, why: str) -> None:
    """Check that the program alone refuses it, too."""
    spec = {
        "username": request.user,
        "groups": request.groups,
        "signerName": request.signer,
        "usages": request.usages,
        "request": base64.b64encode(request.pem()).decode(),
    }
    code = f"import sys, json; sys.path.insert(0, {str(PROGRAM)!r}); import kubelet_requests as k; "
    code += "print(k.refusal(json.load(sys.stdin), json.loads(sys.argv[1])))"
    words = [sys.executable, "-c", code, json.dumps(NODES)]
    done = subprocess.run(words, input=json.dumps({"spec": spec}), capture_output=True, text=True, check=True)
    assert why in done.stdout


def test_another_signers_requests_are_left_alone(cluster: Cluster) -> None:
    """A node's request for another signer, such as for users of the API server, is not even looked at."""
    request = Request(signer=CLIENT, usages=("digital signature", "client auth"), names=(), addresses=())
    name = cluster.file(Request(*MALLORY, signer=CLIENT, usages=request.usages))
    assert cluster.approve().stdout == "unchanged\n"
    assert cluster.conditions(name) == []
    _check_judge(request, "it is for the signer kubernetes.io/kube-apiserver-client")


def test_a_request_is_waited_for(cluster: Cluster) -> None:
    """A new node's request is approved when it comes; if none comes, a sentence says so, and why others do not."""
    cluster.file(Request(user="system:node:rogue", subject="system:node:rogue"))
    done = cluster.approve("--wait-for", "worker1", "--seconds", "3")
    assert done.returncode == 1
    assert "worker1 asked for no certificate that may be approved in 3 s" in done.stderr
    assert "rogue is not a node of this environment" in done.stderr
    name = cluster.file(Request())
    assert cluster.approve("--wait-for", "worker1", "--seconds", "20").stdout == "approved worker1\n"
    assert cluster.conditions(name) == ["Approved"]
    # The timer may have been quicker: the same request counts for an apply that comes a moment later.
    assert cluster.approve("--wait-for", "worker1", "--seconds", "3").stdout == "unchanged\n"
