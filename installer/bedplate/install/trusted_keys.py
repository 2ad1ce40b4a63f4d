"""Parser of the list of public keys that a site accepts bundles from.

One line per key, as in OpenSSH's list of allowed signers (ALLOWED SIGNERS in ssh-keygen(1)) without the name:

ssh-ed25519 AAAA…
valid-before="20270101" ssh-ed25519 AAAA…

So the old and the new key can both be listed during a key rotation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .refused import RefusedError

SIGNER = "publisher"
DATE = r"valid-(?:after|before)=\"[0-9]{8}(?:[0-9]{4}(?:[0-9]{2})?)?Z?\""
LINE = re.compile(rf"(?:(?P<options>{DATE}(?:,{DATE})?) )?(?P<key>ssh-ed25519 [A-Za-z0-9+/=]+)(?: .*)?")


@dataclass(frozen=True)
class TrustedKey:
    """A public key with the dates between which its signatures are valid."""

    key: str
    options: str = ""

    def allowed(self, namespace: str) -> str:
        """Return the key as a line in a list of allowed signers."""
        options = ",".join([f'namespaces="{namespace}"', *([self.options] if self.options else [])])
        return f"{SIGNER} {options} {self.key}\n"


def parse_key(line: str) -> TrustedKey | None:
    """Return the key on a line, or None if it is not a key."""
    match = LINE.fullmatch(line.strip())
    return TrustedKey(match["key"], match["options"] or "") if match else None


def read_keys(text: str) -> list[TrustedKey]:
    """Return the keys in a .pub file or an environment's `publisher`; skip empty lines and comments."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    keys = [parse_key(line) for line in lines]
    if not keys or None in keys:
        fact = f"is not a line 'ssh-ed25519 AAAA…' per key ({sum(key is not None for key in keys)} of {len(keys)} are)"
        raise RefusedError("publisher's key", fact, "use the .pub file from the publisher")
    return [key for key in keys if key]
