"""How long each certificate of an environment is still valid: those of nodes, the bastion and components."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from pydantic import BaseModel, FiniteFloat, TypeAdapter

from bedplate.cluster import admin_kubeconfig
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core.errors import BedplateError
from bedplate.hosts.host_command import on_each_host, run_on_host

NODE_PROGRAM = "/usr/local/sbin/bedplate-node"
DAY = 86400.0
SECONDS = 15


@dataclass(frozen=True, slots=True)
class CertificateEnd:
    """When a certificate ends.

    Attributes:
        host: where it is.
        name: which one.
        kind: authority, serving or client.
        days_left: days until its end; negative if it has ended.
        has_begun: whether it is valid already; not if a clock was ahead when it was signed.
    """

    host: str
    name: str
    kind: str
    days_left: float
    has_begun: bool = True


class NodeCertificate(BaseModel):
    """What a node says about a certificate.

    Attributes:
        kind: authority, serving or client.
        starts: when it begins to be valid, in seconds since 1970; programs of earlier releases do not say.
        ends: when it ends, in seconds since 1970.
    """

    kind: str
    starts: FiniteFloat = 0.0
    ends: FiniteFloat


ANSWER = TypeAdapter(dict[str, NodeCertificate])


def read_certificates(site: Site) -> list[CertificateEnd]:
    """Return every certificate of an environment: those not valid yet, then the others, the first to end first.

    Hosts that do not answer have none.
    """
    nodes = dict.fromkeys((*site.control_plane, *site.workers))
    found = [end for ends in on_each_host(nodes, lambda host: _of_node(site, host)).values() for end in ends]
    every = [*found, *_of_bastion(site), *_of_admin(site)]
    return sorted(every, key=lambda end: (end.has_begun, end.days_left, end.host, end.name))


def _of_node(site: Site, host: Host) -> list[CertificateEnd]:
    if host.in_maintenance:
        return []
    try:
        words = [NODE_PROGRAM, "certificates"]
        done = run_on_host(site, host, words, timeout=SECONDS, check=False, as_root=True)
        listed = ANSWER.validate_json(done.stdout)
    except (BedplateError, OSError, ValueError):
        return []
    now = time.time()
    return [
        CertificateEnd(host.name, name, one.kind, _days_left(one.ends), one.starts <= now)
        for name, one in listed.items()
    ]


def _of_bastion(site: Site) -> Iterator[CertificateEnd]:
    """Yield the environment's own certificates: its authority's, the mirror's, and those of components."""
    folders = (site.state / "pki", site.state / "secrets")
    for path in sorted(path for folder in folders for path in folder.rglob("*.crt")):
        try:
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
        except ValueError:
            yield CertificateEnd(site.bastion.name, _name(path, site), "unreadable", 0.0)
            continue
        kind = "authority" if certificate.issuer == certificate.subject else "serving"
        yield _own(site, path, kind, certificate)


def _of_admin(site: Site) -> Iterator[CertificateEnd]:
    certificate = admin_kubeconfig.read_certificate(site)
    if certificate:
        yield _own(site, admin_kubeconfig.path(site), "client", certificate)


def _own(site: Site, path: Path, kind: str, certificate: x509.Certificate) -> CertificateEnd:
    """Return the end of a certificate on the bastion."""
    left = _days_left(certificate.not_valid_after_utc.timestamp())
    has_begun = certificate.not_valid_before_utc.timestamp() <= time.time()
    return CertificateEnd(site.bastion.name, _name(path, site), kind, left, has_begun)


def _name(path: Path, site: Site) -> str:
    return str(path.relative_to(site.state))


def _days_left(end: float) -> float:
    return round((end - time.time()) / DAY, 2)
