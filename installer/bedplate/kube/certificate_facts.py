"""Certificates by what they say, not by their encoding."""

from __future__ import annotations

import hashlib
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def describe(pem: str) -> Any:
    """Return what a PEM text's certificate says, or a list for several; None where it holds no good certificate."""
    if "PRIVATE KEY-----" in pem:
        return None
    try:
        found = [_facts(one) for one in x509.load_pem_x509_certificates(pem.encode())]
    except ValueError:
        return None
    return found[0] if len(found) == 1 else found


def _facts(one: x509.Certificate) -> dict[str, Any]:
    key = one.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "subject": one.subject.rfc4514_string(),
        "issuer": one.issuer.rfc4514_string(),
        "names": _names(one),
        "notBefore": one.not_valid_before_utc.isoformat(),
        "notAfter": one.not_valid_after_utc.isoformat(),
        "serial": f"{one.serial_number:x}",
        "key": f"sha256:{hashlib.sha256(key).hexdigest()}",
    }


def _names(one: x509.Certificate) -> list[str]:
    try:
        extension = one.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return sorted(str(name.value) for name in extension.value)
