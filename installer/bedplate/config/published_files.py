"""Names of the public certificates and keys that a bastion writes into an environment's folder, below pki/."""

from __future__ import annotations

AUTHORITY = "ca.crt"
MIRROR_CERTIFICATE = "mirror.crt"
MIRROR_KEY = "mirror.asc"
"""The public key of the mirror's package repository."""
SITE_KEY = "site.pub"
"""The public half of the site key."""
RENDERED = (AUTHORITY, MIRROR_CERTIFICATE, MIRROR_KEY)
"""Those that are inputs of render."""
PUBLISHED = (*RENDERED, SITE_KEY)
"""All of them. Only the bastion writes them: copies on other computers may be those of an earlier bastion."""
