"""`bedplate-node renew` with the release's kubeadm: certificates of a control plane, without an API server."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from factories.node_root import NodeRoot, end_of

DAY = 86400
LEAVES = {
    *("apiserver", "apiserver-etcd-client", "apiserver-kubelet-client", "front-proxy-client"),
    *("etcd/healthcheck-client", "etcd/peer", "etcd/server"),
    *("admin.conf", "controller-manager.conf", "scheduler.conf", "super-admin.conf"),
}
RENEWED = LEAVES - {"super-admin.conf"}
AUTHORITIES = {"ca", "front-proxy-ca", "etcd/ca"}


def _sign(node: NodeRoot, seconds: int) -> None:
    """Replace all certificates by ones that end in some seconds."""
    applied = node.root / "var/lib/bedplate/node/kubeadm.yaml"
    node.edit_settings("certificateValidityPeriod: 31536000s", f"certificateValidityPeriod: {seconds}s")
    applied.write_bytes((node.root / "etc/bedplate/kubeadm.yaml").read_bytes())
    for name in RENEWED:
        node.certificate(name).unlink()
    node.bedplate_node("renew", "--no-restart")
    node.configure()
    applied.write_bytes((node.root / "etc/bedplate/kubeadm.yaml").read_bytes())


def test_every_certificate_is_listed_with_its_end(node: NodeRoot) -> None:
    """Status and metrics know every certificate of the host, and the end that another library reads."""
    ends = node.ends()
    assert set(ends) == LEAVES | AUTHORITIES | {"kubelet-client"}
    for name in ("apiserver", "etcd/server", "ca", "etcd/ca"):
        assert ends[name] == end_of(node.certificate(name)).timestamp()
    assert all(360 * DAY < ends[name] - time.time() < 366 * DAY for name in LEAVES)
    metrics = (node.root / "var/lib/bedplate/metrics/certificates.prom").read_text()
    for name, end in ends.items():
        assert re.search(rf'end_timestamp_seconds{{name="{name}",kind="\w+"}} {end:.0f}\n', metrics), name
    assert "renewal_failed 0\n" in metrics


def test_the_mirrors_and_notebooks_certificates_are_watched(node: NodeRoot) -> None:
    """A metric has the end of what a server shows, also where only an apply renews it; a dead server does no harm."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(node.certificate("apiserver"), node.certificate("apiserver").with_suffix(".key"))
    settings = node.root / "etc/bedplate/node.json"
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_server(("127.0.0.1", 0)) as closed:
        dead = closed.getsockname()[1]
        closed.close()
        endpoints = {"mirror": f"127.0.0.1:{listener.getsockname()[1]}", "notebooks": f"127.0.0.1:{dead}"}
        settings.write_text(json.dumps({**json.loads(settings.read_text()), "endpoints": endpoints}))
        threading.Thread(target=_serve, args=(listener, server), daemon=True).start()
        assert node.renew() == ["unchanged"]
    metrics = (node.root / "var/lib/bedplate/metrics/certificates.prom").read_text()
    end = end_of(node.certificate("apiserver")).timestamp()
    assert f'end_timestamp_seconds{{name="served-mirror",kind="serving"}} {end:.0f}\n' in metrics
    assert "notebooks" not in metrics


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listener.accept()
    with context.wrap_socket(connection, server_side=True):
        pass


def test_nothing_is_renewed_early(node: NodeRoot) -> None:
    """With a year left, nothing changes."""
    before = node.files()
    assert node.renew() == ["unchanged"]
    assert node.files() == before


def test_what_ends_soon_is_renewed(node: NodeRoot) -> None:
    """Certificates that end within renewBefore are replaced and last as long as the environment says; CAs stay."""
    _sign(node, 600)
    assert max(node.ends()[name] for name in RENEWED) - time.time() < 700
    before = {name: node.certificate(name).read_bytes() for name in AUTHORITIES}
    done = node.renew()
    assert set(done) == {f"{name} ends in 0.0 days" for name in RENEWED}
    assert min(node.ends()[name] for name in LEAVES) - time.time() > 364 * DAY
    assert {name: node.certificate(name).read_bytes() for name in AUTHORITIES} == before
    for name in LEAVES:
        _check_pair(node, name)


def _check_pair(node: NodeRoot, name: str) -> None:
    """Check a certificate's signature and key with openssl."""
    if name.endswith(".conf"):
        text = node.certificate(name).read_text()
        certificate, key = (
            base64.b64decode(re.findall(rf"client-{part}-data: (\S+)", text)[0]) for part in ("certificate", "key")
        )
    else:
        certificate, key = node.certificate(name).read_bytes(), node.certificate(name).with_suffix(".key").read_bytes()
    authority = "front-proxy-ca" if "front" in name else "etcd/ca" if "etcd" in name else "ca"
    words = ["openssl", "verify", "-CAfile", str(node.certificate(authority))]
    subprocess.run(words, input=certificate, check=True, capture_output=True)
    public = [
        subprocess.run(["openssl", *words], input=content, check=True, capture_output=True).stdout
        for words, content in (
            (["x509", "-noout", "-pubkey"], certificate),
            (["pkey", "-pubout"], key),
        )
    ]
    assert public[0] == public[1]


def test_certificates_that_have_ended_are_renewed_with_their_names(node: NodeRoot) -> None:
    """A cluster that was off for too long is repaired without an API server; names and users stay."""
    old = x509.load_pem_x509_certificate(node.certificate("apiserver").read_bytes())
    _sign(node, 1)
    time.sleep(1.5)
    assert set(node.renew()) == {f"{name} has ended" for name in RENEWED}
    new = x509.load_pem_x509_certificate(node.certificate("apiserver").read_bytes())
    assert _names(new) == _names(old)
    assert new.subject == old.subject
    assert node.renew() == ["unchanged"]


def _begin_later(path: Path, issuer: Path) -> None:
    """Replace a certificate by one that is valid from tomorrow."""
    old = x509.load_pem_x509_certificate(path.read_bytes())
    key = serialization.load_pem_private_key(issuer.with_suffix(".key").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    made = x509.CertificateBuilder(old.issuer, old.subject, old.public_key(), old.serial_number)
    made = made.not_valid_before(dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).not_valid_after(
        old.not_valid_after_utc
    )
    for extension in old.extensions:
        made = made.add_extension(extension.value, critical=extension.critical)
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def test_a_certificate_that_is_not_valid_yet_is_renewed(node: NodeRoot) -> None:
    """A clock that was ahead while it was signed leaves one that no one accepts; the others stay."""
    _begin_later(node.certificate("apiserver"), node.certificate("ca"))
    assert node.renew() == ["apiserver is not valid yet"]
    _check_pair(node, "apiserver")
    assert node.renew() == ["unchanged"]


def test_nothing_is_signed_by_an_authority_that_is_not_valid_yet(node: NodeRoot) -> None:
    """Certificates of kubeadm begin when their authority does, so that each run would replace them again."""
    _begin_later(node.certificate("ca"), node.certificate("ca"))
    _begin_later(node.certificate("apiserver"), node.certificate("ca"))
    before = node.files()
    done = node.bedplate_node("renew", "--no-restart", check=False)
    assert done.returncode == 1
    assert "is not valid yet, so certificates cannot be renewed here; correct this host's clock" in done.stderr
    assert node.files() == before


def _names(certificate: x509.Certificate) -> set[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:400])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _other_key(path: Path) -> None:
    shutil.copy(path.with_name("apiserver-etcd-client.key"), path.with_suffix(".key"))


@pytest.mark.parametrize(
    ("name", "damage", "why"),
    [
        ("admin.conf", Path.unlink, "admin.conf is missing"),
        ("scheduler.conf", Path.unlink, "scheduler.conf is missing"),
        ("controller-manager.conf", _cut, "controller-manager.conf cannot be read"),
        ("admin.conf", _empty, "admin.conf is missing"),
        ("apiserver", Path.unlink, "apiserver is missing"),
        ("apiserver", _cut, "apiserver cannot be read"),
        ("apiserver", _other_key, "apiserver does not fit its key"),
        ("etcd/server", _empty, "etcd/server is missing"),
    ],
)
def test_what_is_missing_or_damaged_is_created_again(
    node: NodeRoot, name: str, damage: Callable[[Path], object], why: str
) -> None:
    """A file that is gone or was cut by a kill is replaced, and no other; the cluster's authority and etcd stay."""
    before = node.files()
    damage(node.certificate(name))
    assert node.renew() == [why]
    after = node.files()
    changed = {path for path in after if after[path] != before[path]}
    assert changed <= {f"etc/kubernetes/{name}", f"etc/kubernetes/pki/{name}.crt", f"etc/kubernetes/pki/{name}.key"}
    assert set(after) == set(before)
    _check_pair(node, name)


def test_a_super_admin_kubeconfig_that_was_moved_away_stays_away(node: NodeRoot) -> None:
    """Administrators remove super-admin.conf on purpose."""
    node.certificate("super-admin.conf").unlink()
    assert node.renew() == ["unchanged"]
    assert not node.certificate("super-admin.conf").exists()


@pytest.mark.parametrize("lost", ["ca.crt", "ca.key", "etcd/ca.key", "front-proxy-ca.key", "sa.key"])
def test_no_authority_is_created_for_a_cluster(node: NodeRoot, lost: str) -> None:
    """Without the authority's key, renewal fails with a sentence and an alert's metric; nothing else is touched."""
    (node.pki / lost).unlink()
    node.certificate("admin.conf").unlink()
    before = node.files()
    done = node.bedplate_node("renew", "--no-restart", check=False)
    assert done.returncode == 1
    assert f"lacks {lost}, so certificates cannot be renewed here; restore it from a backup" in done.stderr
    assert node.files() == before
    assert "renewal_failed 1\n" in (node.root / "var/lib/bedplate/metrics/certificates.prom").read_text()


def test_a_name_that_was_added_to_the_settings_is_added_to_the_certificate(node: NodeRoot) -> None:
    """Names in an applied kubeadm.yaml reach the API server's certificate, and only that one is replaced."""
    node.edit_settings("certSANs:\n", "certSANs:\n    - other.site.bedplate.test\n")
    shutil.copy(node.root / "etc/bedplate/kubeadm.yaml", node.root / "var/lib/bedplate/node/kubeadm.yaml")
    assert node.renew() == ["apiserver has other names than kubeadm.yaml"]
    assert "other.site.bedplate.test" in _names(
        x509.load_pem_x509_certificate(node.certificate("apiserver").read_bytes())
    )


def test_a_kubelet_whose_certificate_has_ended_gets_one(node: NodeRoot) -> None:
    """The control plane's own kubelet cannot ask an API server that it has to start; the authority signs offline."""
    current = node.root / "var/lib/kubelet/pki/kubelet-client-current.pem"
    config = node.root / "etc/kubernetes/kubelet.conf"
    assert config.read_text().count("/var/lib/kubelet/pki/kubelet-client-current.pem") == 2
    assert "client-key-data" not in config.read_text()
    certificate = x509.load_pem_x509_certificate(current.read_bytes())
    assert certificate.subject.rfc4514_string() == "CN=system:node:cp1,O=system:nodes"
    assert b"PRIVATE KEY" in current.read_bytes()
    assert (current.stat().st_mode & 0o777, config.stat().st_mode & 0o777) == (0o600, 0o600)
    assert node.bedplate_node("kubelet").stdout == "unchanged\n"
    config.unlink()
    assert node.bedplate_node("kubelet").stdout == "kubelet.conf is missing\n"
    assert node.renew() == ["kubelet: kubelet.conf is missing"]
    assert node.renew() == ["unchanged"]
    assert certificate.not_valid_after_utc > dt.datetime.now(dt.UTC)
