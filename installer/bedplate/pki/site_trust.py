"""The site's CA and the mirror's certificate, with their public halves in the environment's folder.

/var/lib/bedplate/environments/<env>/pki/   ca.crt ca.key mirror.crt mirror.key (private halves 0600)
<environment folder>/pki/      ca.crt mirror.crt mirror.asc: public, and inputs of render

See contract 1, docs/explanation/design.md.
"""

from __future__ import annotations

from pathlib import Path

from bedplate.config import addresses
from bedplate.config.environments import Site
from bedplate.config.published_files import AUTHORITY, MIRROR_CERTIFICATE
from bedplate.core.errors import BedplateError
from bedplate.pki.authority import ensure_authority, ensure_certificate, is_valid_certificate, read_authority
from bedplate.pki.published import is_published, publish


def ensure_trust(site: Site) -> int:
    """Ensure the CA and the mirror's certificate, and publish them; return the number of files written."""
    folder = ensure_private(site.state / "pki")
    authority, made = ensure_authority(folder, site.environment.name)
    names = addresses.mirror_names(site)
    signed = ensure_certificate(authority, folder / "mirror.crt", folder / "mirror.key", names)
    return made + signed + sum(publish(site, name, folder / name) for name in (AUTHORITY, MIRROR_CERTIFICATE))


def check_trust(site: Site) -> bool:
    """Return whether the CA and a current certificate of the mirror exist, and the published copies equal them."""
    folder = site.state / "pki"
    try:
        authority, names = read_authority(folder), addresses.mirror_names(site)
    except BedplateError:
        return False
    is_current = is_valid_certificate(authority, folder / "mirror.crt", folder / "mirror.key", names)
    return is_current and all(is_published(site, name, folder / name) for name in (AUTHORITY, MIRROR_CERTIFICATE))


def ensure_private(folder: Path) -> Path:
    """Ensure a folder that only root can enter."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder
