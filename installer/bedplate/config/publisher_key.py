"""The check of a publisher's public keys: one per line, ssh-ed25519 and base64, as ssh-keygen writes them.

During a key rotation both keys are listed. Dates may precede a key; see install/trusted_keys.py.
"""

from __future__ import annotations

import base64
import binascii
import struct

from bedplate.install.trusted_keys import parse_key

KIND = "ssh-ed25519"
KEY_BYTES = 32


def problem(text: str) -> str:
    """Return what is wrong with public keys, one per line; empty if nothing is."""
    lines = text.splitlines() or [""]
    return next((wrong for line in lines if (wrong := _problem(line))), "") or _duplicate(lines)


def _duplicate(lines: list[str]) -> str:
    keys = [_words(line)[1] for line in lines]
    return "lists the same key twice" if len(set(keys)) < len(keys) else ""


def _words(line: str) -> list[str]:
    """Return kind, key and comment of a line, without the dates before them."""
    key = parse_key(line)
    return (key.key if key else line).split()


def _problem(line: str) -> str:
    """Return what is wrong with one line (RFC 8709, section 4)."""
    words = _words(line)
    if "PRIVATE KEY" in line:
        return "is a private key"
    if len(words) < 2 or words[0] != KIND:  # noqa: PLR2004  kind and key
        return f"is not of the form '{KIND} AAAA…'"
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        return f"is not a public key: what follows '{KIND} ' is not base64"
    parts = _parts(blob)
    if len(parts) != 2 or parts[0] != KIND.encode() or len(parts[1]) != KEY_BYTES:  # noqa: PLR2004  as above
        return "is truncated or is not an Ed25519 key"
    return ""


def _parts(blob: bytes) -> list[bytes]:
    """Return the strings of an SSH blob; an empty list if a length does not fit."""
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
