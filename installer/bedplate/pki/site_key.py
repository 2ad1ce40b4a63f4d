"""The site key: an Ed25519 key of an environment, created on its bastion, that signs reports and inventory files.

/var/lib/bedplate/environments/<env>/pki/site      private, 0600, never leaves the bastion
<environment folder>/pki/site.pub     public: the publisher verifies the site's signatures with it
"""

from __future__ import annotations

from pathlib import Path

from bedplate.bundle import ssh_signature
from bedplate.config import publisher_key
from bedplate.config.environments import Site
from bedplate.config.published_files import SITE_KEY
from bedplate.core.errors import BedplateError, InputError
from bedplate.core.files import write_atomic
from bedplate.pki.published import is_published, publish, read_public
from bedplate.pki.site_trust import ensure_private

PRIVATE = "site"
INVENTORY_NAMESPACE = "bedplate-inventory"
"""Namespace of signatures over inventory files."""
REPORT_NAMESPACE = "bedplate-report"
"""Namespace of signatures over acceptance reports."""


def ensure_site_key(site: Site) -> Path:
    """Ensure the environment's site key and its published half; return the path of the private key on the bastion."""
    folder = ensure_private(site.state / "pki")
    private = folder / PRIVATE
    if not private.is_file():
        _create(private, f"site {site.environment.name}")
    publish(site, SITE_KEY, folder / SITE_KEY)
    return private


def check_site_key(site: Site) -> bool:
    """Return whether the site key exists, and its public half is published."""
    folder = site.state / "pki"
    return (folder / PRIVATE).is_file() and is_published(site, SITE_KEY, folder / SITE_KEY)


def _create(private: Path, comment: str) -> None:
    """Create both halves. The private one comes last, so a kill in between leaves no key."""
    fresh = private.with_name(f".{private.name}.new")
    for path in (fresh, fresh.with_name(f"{fresh.name}.pub")):
        path.unlink(missing_ok=True)
    public = ssh_signature.new_key(fresh, comment)
    write_atomic(private.with_name(SITE_KEY), public.read_bytes())
    public.unlink()
    fresh.replace(private)


def public_key(site: Site) -> str:
    """Return the environment's public site key, `ssh-ed25519 AAAA…`; InputError before the first apply."""
    text = " ".join(read_public(site, SITE_KEY).split()[:2])
    if not text:
        step = "run `bedplate apply`, then commit the folder's pki/ to your repository"
        raise InputError(f"environment {site.environment.name}", f"has no pki/{SITE_KEY} yet", step)
    if wrong := publisher_key.problem(text):
        raise InputError(f"file {site.folder / 'pki' / SITE_KEY}", wrong, "copy it from the bastion again")
    return text


def sign(data: bytes, key: Path, namespace: str) -> bytes:
    """Return the site's armored signature over data.

    Args:
        data: the content to sign.
        key: the private key, as ensure_site_key returns it.
        namespace: INVENTORY_NAMESPACE or REPORT_NAMESPACE; a signature for one is not valid for the other.
    """
    return ssh_signature.sign(data, key, namespace)


def check(data: bytes, signature: bytes, public: str, namespace: str) -> None:
    """Raise BedplateError unless the signature over data, in this namespace, is by one of these public keys."""
    try:
        ssh_signature.check(data, signature, public, namespace)
    except BedplateError as error:
        again = "create the file again on that site's bastion"
        if ssh_signature.is_signature_of(data, signature, namespace):
            fact = f"was not made with the site's key ({ssh_signature.fingerprints(public)})"
            step = f"compare the key with `bedplate key show ENV`, and {again}"
            raise BedplateError("signature", fact, step) from error
        fact = f"does not match the content: it was changed, or was not signed as {namespace}"
        raise BedplateError("signature", fact, f"do not trust it; {again}") from error
