"""The administrator's kubeconfig on the bastion: a copy of the control plane's, whose certificate is renewed there."""

from __future__ import annotations

import base64
import datetime as dt
import logging
import re
import time
from pathlib import Path

from cryptography import x509

from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.core.files import write_atomic
from bedplate.hosts.host_command import run_on_host

log = logging.getLogger(__name__)

SOURCE = "/etc/kubernetes/admin.conf"
SECONDS = 15
RETRY_SECONDS = 30.0
"""A control plane that does not answer, or has not renewed its own yet, is asked again after this time."""
_asked: dict[Path, float] = {}
"""When each was asked for, by the monotonic clock."""
DATA = re.compile(r"^\s*client-certificate-data: (\S+)$", re.MULTILINE)


def path(site: Site) -> Path:
    """Return its path."""
    return site.state / "pki" / "admin.conf"


def read_certificate(site: Site) -> x509.Certificate | None:
    """Return the certificate in it; None if there is none."""
    try:
        found = DATA.search(path(site).read_text())
        return x509.load_pem_x509_certificate(base64.b64decode(found[1])) if found else None
    except (FileNotFoundError, ValueError):
        return None


def ends_soon(site: Site) -> bool:
    """Return whether its certificate should have been renewed by now."""
    certificate = read_certificate(site)
    limit = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=site.environment.certificates.renew_before_seconds)
    return certificate is not None and certificate.not_valid_after_utc < limit


def ensure_current(site: Site) -> bool:
    """Copy it again if its certificate ends soon and the control plane has a newer one; return whether it was copied.

    The control plane renews its own at night, when nobody runs a command here.
    """
    if not ends_soon(site) or time.monotonic() - _asked.get(path(site), -RETRY_SECONDS) < RETRY_SECONDS:
        return False
    _asked[path(site)] = time.monotonic()
    words = ["cat", SOURCE]
    try:
        done = run_on_host(site, site.control_plane[0], words, timeout=SECONDS, as_root=True, has_secrets=True)
    except BedplateError as error:
        log.debug("%s is not copied again: %s", path(site), error)
        return False
    if done.stdout == path(site).read_bytes():
        return False
    write_atomic(path(site), done.stdout, mode=0o600)
    return True
