"""The form of a publisher's public key: one line, ssh-ed25519 and base64, as ssh-keygen writes it."""

from __future__ import annotations

import base64
import binascii
import struct

KIND = "ssh-ed25519"
KEY_BYTES = 32


def problem(line: str) -> str:
    """Return what is wrong with a public key, '' if nothing (RFC 8709, section 4)."""
    words = line.split()
    if "PRIVATE KEY" in line:
        return "is a private key"
    if len(words) < 2 or words[0] != KIND:  # noqa: PLR2004  kind and key
        return f"does not begin with '{KIND} ' and the key"
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        return "is not base64 after its kind"
    parts = _parts(blob)
    if len(parts) != 2 or parts[0] != KIND.encode() or len(parts[1]) != KEY_BYTES:  # noqa: PLR2004  as above
        return "is cut off or is no Ed25519 key"
    return ""


def _parts(blob: bytes) -> list[bytes]:
    """Return the strings of an SSH blob; none where a length does not fit."""
    parts = []
    while blob:
        if len(blob) < struct.calcsize(">I"):
            return []
        (length,) = struct.unpack_from(">I", blob)
        if length > len(blob) - 4:
            return []
        parts.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return parts
