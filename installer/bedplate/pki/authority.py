"""The environment's certificate authority (CA), and the certificates that it signs."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bedplate.core.errors import BedplateError
from bedplate.core.files import write_atomic

AUTHORITY_DAYS = 20 * 365
CERTIFICATE_DAYS = 2 * 365
RENEWAL_DAYS = 90
"""The next apply renews a certificate that expires within this time."""
RESTORE = "restore it from a backup"
CLOCK_SKEW = dt.timedelta(hours=24)
"""Certificates are valid from this long ago, for hosts whose clocks are behind."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA certificate with its private key.

    Attributes:
        certificate: the CA's own certificate.
        key: its private key, which stays on the bastion.
    """

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def ensure_authority(folder: Path, name: str) -> tuple[Authority, bool]:
    """Return the CA in a folder (ca.crt, ca.key), and whether it was created now."""
    certificate, key = folder / "ca.crt", folder / "ca.key"
    if certificate.exists():
        return read_authority(folder), False
    # A run that was killed between the two writes leaves only the key.
    private = _key_of_authority(key) if key.exists() else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Bedplate {name}")])
    signed = _authority_certificate(subject, private)
    write_atomic(key, _pem(private), mode=0o600)
    write_atomic(certificate, signed.public_bytes(serialization.Encoding.PEM), mode=0o644)
    return Authority(signed, private), True


def read_authority(folder: Path) -> Authority:
    """Return the CA in a folder.

    Raises:
        BedplateError: a file is missing or corrupted. It is never replaced: every host trusts this CA.
    """
    certificate, key = folder / "ca.crt", folder / "ca.key"
    if not key.exists():
        raise BedplateError(f"file {key}", "is missing, but its certificate exists", RESTORE)
    loaded = _read_certificate(certificate)
    if loaded is None:
        raise BedplateError(f"file {certificate}", "is not a certificate", RESTORE)
    return Authority(loaded, _key_of_authority(key))


def _key_of_authority(path: Path) -> ec.EllipticCurvePrivateKey:
    key = _read_key(path)
    if key is None:
        raise BedplateError(f"file {path}", "is not an elliptic-curve key", RESTORE)
    return key


def _authority_certificate(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return (
        _builder(subject, subject, key.public_key(), AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def ensure_certificate(authority: Authority, certificate: Path, key: Path, hosts: Sequence[str]) -> bool:
    """Ensure a certificate for names and addresses that does not expire soon; return whether one was signed.

    Raises:
        BedplateError: the CA itself is not valid yet, so that its certificates would be trusted by no one.
    """
    if is_valid_certificate(authority, certificate, key, hosts):
        return False
    _check_begun(authority.certificate)
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    signed = (
        _builder(subject, authority.certificate.subject, private.public_key(), CERTIFICATE_DAYS)
        .add_extension(x509.SubjectAlternativeName(list(_names(hosts))), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
        .sign(authority.key, hashes.SHA256())
    )
    write_atomic(key, _pem(private), mode=0o600)
    write_atomic(certificate, signed.public_bytes(serialization.Encoding.PEM), mode=0o644)
    return True


def is_valid_certificate(authority: Authority, certificate: Path, key: Path, hosts: Sequence[str]) -> bool:
    """Return whether a certificate is signed by this CA, matches its key and hosts, and is valid for long enough."""
    loaded, private = _read_certificate(certificate), _read_key(key)
    if loaded is None or private is None:
        return False
    try:
        loaded.verify_directly_issued_by(authority.certificate)
        names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:  # noqa: BLE001  whatever is wrong with it, a new one is signed
        return False
    matches_key = loaded.public_key() == private.public_key()
    return matches_key and list(names) == list(_names(hosts)) and _has_time_left(loaded)


def check_time_left(certificate: Path) -> bool:
    """Return whether a file holds a certificate that is valid now and does not need renewal yet."""
    loaded = _read_certificate(certificate)
    return loaded is not None and _has_time_left(loaded)


def _has_time_left(certificate: x509.Certificate) -> bool:
    now = dt.datetime.now(dt.UTC)
    # A clock that was ahead when it was signed makes its begin lie in the future.
    has_begun = certificate.not_valid_before_utc <= now
    return has_begun and certificate.not_valid_after_utc - now > dt.timedelta(days=RENEWAL_DAYS)


def _check_begun(certificate: x509.Certificate) -> None:
    begin = certificate.not_valid_before_utc
    if begin > dt.datetime.now(dt.UTC):
        fact = f"is not valid before {begin:%Y-%m-%d %H:%M} UTC"
        raise BedplateError("the environment's CA certificate", fact, f"correct this machine's clock, or {RESTORE}")


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _names(hosts: Iterable[str]) -> Iterable[x509.GeneralName]:
    for host in hosts:
        try:
            yield x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            yield x509.DNSName(host)


def _read_certificate(path: Path) -> x509.Certificate | None:
    """Return the certificate in a file; None if there is none, or if it is corrupted."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey | None:
    """Return the private key in a file; None if there is none, or if it is corrupted."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
