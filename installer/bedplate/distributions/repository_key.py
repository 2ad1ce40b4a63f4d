"""The bastion's key for its package repository, in a folder of GnuPG."""

from __future__ import annotations

import re
from pathlib import Path

from bedplate.core.command import run


def ensure_key(home: Path, name: str) -> str:
    """Return the armored public half of the key; create the key in its GnuPG folder on first use."""
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    if not _fingerprint(home):
        key = ("--quick-gen-key", name, "ed25519", "sign", "never")
        _gpg(home, "--pinentry-mode", "loopback", "--passphrase", "", *key)
    return _gpg(home, "--armor", "--export-options", "export-minimal", "--export", _fingerprint(home)).decode()


def clear_sign(home: Path, text: bytes) -> bytes:
    """Return a text with an inline signature."""
    return _gpg(home, "--clearsign", "--digest-algo", "SHA256", "--output", "-", stdin=text)


def is_clear_signed(home: Path, text: bytes, signed: Path) -> bool:
    """Return whether a file is exactly this text, signed by this key."""
    if not signed.is_file():
        return False
    done = run(["gpg", "--homedir", home, "--batch", "--output", "-", "--decrypt", signed], check=False)
    return done.returncode == 0 and done.stdout.strip() == text.strip()


def _fingerprint(home: Path) -> str:
    keys = _gpg(home, "--with-colons", "--list-secret-keys").decode()
    match = re.search(r"^fpr:+([0-9A-F]{40}):", keys, re.MULTILINE)
    return match[1] if match else ""


def _gpg(home: Path, *words: str, stdin: bytes | None = None) -> bytes:
    try:
        return run(["gpg", "--homedir", home, "--batch", "--quiet", "--no-tty", *words], stdin=stdin).stdout
    finally:
        # gpg leaves an agent running after it used a secret key.
        run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
