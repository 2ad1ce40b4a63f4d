"""The contents of PEM certificates as plain values, so that they can be compared."""

from __future__ import annotations

import hashlib
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def describe(pem: str) -> Any:
    """Return the contents of a PEM text's certificate, or a list for several; None without a valid certificate."""
    if "PRIVATE KEY-----" in pem:
        return None
    try:
        found = [_contents(certificate) for certificate in x509.load_pem_x509_certificates(pem.encode())]
    except ValueError:
        return None
    return found[0] if len(found) == 1 else found


def _contents(certificate: x509.Certificate) -> dict[str, Any]:
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "names": _names(certificate),
        "notBefore": certificate.not_valid_before_utc.isoformat(),
        "notAfter": certificate.not_valid_after_utc.isoformat(),
        "serial": f"{certificate.serial_number:x}",
        "key": f"sha256:{hashlib.sha256(key).hexdigest()}",
    }


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return sorted(str(name.value) for name in extension.value)
