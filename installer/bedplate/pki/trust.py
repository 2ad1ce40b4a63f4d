"""What a site trusts: its authority, the mirror's certificate, and the public halves in the environment's folder.

/var/lib/bedplate/<env>/pki/   ca.crt ca.key mirror.crt mirror.key (private halves 0600)
<environment folder>/pki/      ca.crt mirror.crt mirror.asc: public, and inputs of render (contract 1)
"""

from __future__ import annotations

from pathlib import Path

from bedplate.environments import Site
from bedplate.files import write_atomic
from bedplate.pki.authority import ensure_authority, ensure_certificate

AUTHORITY = "ca.crt"
MIRROR_CERTIFICATE = "mirror.crt"
MIRROR_KEY = "mirror.asc"
"""Public half of the key that signs the mirror's apt repository."""
PUBLIC = (AUTHORITY, MIRROR_CERTIFICATE, MIRROR_KEY)


def ensure_trust(site: Site) -> int:
    """Ensure the authority and the mirror's certificate, and publish them; return the number of things made."""
    folder = ensure_private(site.state / "pki")
    authority, made = ensure_authority(folder, site.environment.name)
    names = mirror_names(site)
    signed = ensure_certificate(authority, folder / "mirror.crt", folder / "mirror.key", names)
    return made + signed + sum(publish(site, name, folder / name) for name in (AUTHORITY, MIRROR_CERTIFICATE))


def mirror_names(site: Site) -> list[str]:
    """Return the names that the mirror's certificate is for: the bastion's, and one for each replica."""
    domain = site.environment.domain
    return [f"mirror.{domain}", *(f"mirror-{host.name}.{domain}" for host in site.replicas)]


def publish(site: Site, name: str, source: Path) -> bool:
    """Keep a public certificate or key with the environment, where render reads it; return whether it is new."""
    path, content = site.folder / "pki" / name, source.read_bytes()
    if path.exists() and path.read_bytes() == content:
        return False
    write_atomic(path, content, mode=0o644)
    return True


def read_public(site: Site, name: str) -> str:
    """Return a public certificate or key of the environment; empty before the first apply has made it."""
    path = site.folder / "pki" / name
    return path.read_text() if path.exists() else ""


def ensure_private(folder: Path) -> Path:
    """Ensure a folder that only root can enter."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder
