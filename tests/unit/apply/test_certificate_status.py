from __future__ import annotations

import json
import time
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from bedplate.apply.certificate_status import CertificateEnd, read_certificates
from bedplate.cli.status import first_to_end
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core.errors import BedplateError
from bedplate.pki import authority
from factories.render_site import make_site

DAY = 86400


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return an environment in which cp1 lists two certificates, and worker1 does not answer."""
    monkeypatch.setattr(Site, "state", tmp_path / "state")
    listed = {
        "apiserver": {"kind": "serving", "ends": time.time() + 20 * DAY},
        "ca": {"kind": "authority", "ends": time.time() + 3000 * DAY},
    }

    def run(_: Site, host: Host, words: list[str], **options: Any) -> CompletedProcess[bytes]:
        assert (words, options["as_root"]) == (["/usr/local/sbin/bedplate-node", "certificates"], True)
        if host.name == "worker1":
            raise BedplateError("SSH to worker1", "failed")
        return CompletedProcess(words, 0, json.dumps(listed).encode(), b"")

    monkeypatch.setattr("bedplate.apply.certificate_status.run_on_host", run)
    found = make_site(tmp_path)
    signer, _ = authority.ensure_authority(found.state / "pki", "test")
    secret = found.state / "secrets/proxy"
    for folder, name in ((found.state / "pki", "mirror"), (secret, "tls")):
        authority.ensure_certificate(signer, folder / f"{name}.crt", folder / f"{name}.key", ["mirror.test"])
    (secret / "broken.crt").write_text("no certificate")
    return found


def test_status_has_the_days_left_of_every_certificate(site: Site) -> None:
    """Certificates of nodes, of the bastion and of components are listed, the first to end first."""
    found = [(end.host, end.name, end.kind, round(end.days_left)) for end in read_certificates(site)]
    assert found == [
        ("bastion", "secrets/proxy/broken.crt", "unreadable", 0),
        ("cp1", "apiserver", "serving", 20),
        ("bastion", "pki/mirror.crt", "serving", 730),
        ("bastion", "secrets/proxy/tls.crt", "serving", 730),
        ("cp1", "ca", "authority", 3000),
        ("bastion", "pki/ca.crt", "authority", 7300),
    ]


def test_a_certificate_that_is_not_valid_yet_comes_first(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that was ahead while it was signed is shown, though the certificate ends late."""
    later = {"kind": "serving", "starts": time.time() + DAY, "ends": time.time() + 9000 * DAY}
    listed = json.dumps({"etcd/peer": later, "ca": {**later, "starts": 0}}).encode()
    monkeypatch.setattr(
        "bedplate.apply.certificate_status.run_on_host", lambda *_, **__: CompletedProcess([], 0, listed, b"")
    )
    first, *others = read_certificates(site)
    assert (first.name, first.has_begun) == ("etcd/peer", False)
    assert all(end.has_begun for end in others if end.name != "etcd/peer")


def test_the_screen_shows_the_first_of_each_host() -> None:
    """A site of 500 hosts gets a short list, with the certificates that end first."""
    ends = [CertificateEnd(f"n{host}", name, "client", host) for host in range(500) for name in ("a", "b")]
    assert first_to_end(ends) == [CertificateEnd(f"n{host}", "a", "client", host) for host in range(20)]
