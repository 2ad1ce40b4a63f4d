"""The administrator's kubeconfig on the bastion follows the control plane's, over a pretended SSH program."""

from __future__ import annotations

import base64
import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bedplate.cluster import admin_kubeconfig, kubectl
from bedplate.config.environments import Site
from factories.render_site import make_site

DAY = 86400


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return an environment whose SSH program prints the file `served`, and fails if it is missing."""
    found = make_site(tmp_path / "site")
    monkeypatch.setattr(admin_kubeconfig, "path", lambda _: tmp_path / "admin.conf")
    program = tmp_path / "bin/ssh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\nexec cat {tmp_path}/served\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return found


def _kubeconfig(days: float) -> str:
    """Return a kubeconfig whose certificate ends after some days."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes-admin")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - dt.timedelta(days=400))
    signed = builder.not_valid_after(now + dt.timedelta(days=days)).sign(key, hashes.SHA256())
    pem = signed.public_bytes(serialization.Encoding.PEM)
    return f"users:\n- user:\n    client-certificate-data: {base64.b64encode(pem).decode()}\n"


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        (365, 365, "kept"),
        (91, 365, "kept"),
        (89, 365, "copied"),
        (-1, 365, "copied"),
        (89, None, "asked for"),
    ],
)
def test_it_is_copied_again_when_it_ends_soon(
    site: Site, tmp_path: Path, here: float, there: float | None, expected: str
) -> None:
    """Within renewBefore of its end, also after it, the control plane's is copied; a host that is down does no harm."""
    is_copied, is_asked = expected == "copied", expected != "kept"
    (tmp_path / "admin.conf").write_text(_kubeconfig(here))
    if there is not None:
        (tmp_path / "served").write_text(_kubeconfig(there))
    before = (tmp_path / "admin.conf").read_text()
    assert admin_kubeconfig.ensure_current(site) is is_copied
    after = (tmp_path / "admin.conf").read_text()
    assert after == ((tmp_path / "served").read_text() if is_copied else before)
    assert (tmp_path / "calls").exists() is is_asked
    assert admin_kubeconfig.ends_soon(site) is (is_asked and not is_copied)
    assert not is_copied or (tmp_path / "admin.conf").stat().st_mode & 0o777 == 0o600


def test_every_use_of_the_cluster_follows_the_control_plane(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call of kubectl gets the renewed kubeconfig; without one, the control plane is not asked at every call."""
    program = tmp_path / "bin/kubectl"
    program.write_text('#!/bin/sh\nexec cat "$2"\n')
    program.chmod(0o755)
    monkeypatch.setattr(kubectl, "KUBECTL", program)
    (tmp_path / "admin.conf").write_text(_kubeconfig(-1))
    (tmp_path / "served").write_text(_kubeconfig(-1))
    for _ in range(3):
        kubectl.run(site, "get", "nodes")
    assert len((tmp_path / "calls").read_text().splitlines()) == 1
    monkeypatch.setattr(admin_kubeconfig, "RETRY_SECONDS", 0)
    (tmp_path / "served").write_text(renewed := _kubeconfig(365))
    assert kubectl.run(site, "get", "nodes").decode() == renewed


def test_one_that_is_missing_or_has_a_token_is_left_alone(site: Site, tmp_path: Path) -> None:
    """Before the first installation there is none; a kubeconfig without a certificate cannot end."""
    assert not admin_kubeconfig.ensure_current(site)
    (tmp_path / "admin.conf").write_text("users:\n- user:\n    token: abc\n")
    assert not admin_kubeconfig.ensure_current(site)
    assert not (tmp_path / "calls").exists()
