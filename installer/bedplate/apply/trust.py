"""Steps before any host is touched: the check of the hosts, the site's own trust and secrets, the mirror's tree."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509

from bedplate.apply.installation import Installation
from bedplate.apply.step import Journal, Outcome
from bedplate.core import digest, paths
from bedplate.core.errors import BedplateError
from bedplate.hosts import preflight
from bedplate.pki import authority, published, secret_files, site_key, site_trust
from bedplate.pki.keyed_digest import keyed_digest
from bedplate.store import mirror_tree


@dataclass(frozen=True, slots=True)
class CheckHosts:
    """No hard finding stands on any host."""

    installation: Installation
    is_installed: bool
    id: str = "preflight"
    title: str = "Check the hosts"
    where: str = "all hosts"

    def key(self) -> str:
        """Return the digest of the environment and its release."""
        site = self.installation.site
        return digest.of([site.environment.model_dump(mode="json"), [h.model_dump(mode="json") for h in site.hosts]])

    def check_(self) -> bool:
        """Return true: hosts that were fit once are looked at again by the steps that follow."""
        return True

    def ensure_(self, journal: Journal) -> Outcome:
        """Look at every host; BedplateError with all hard findings."""
        findings = preflight.run(self.installation.site, is_installed=self.is_installed)
        for finding in findings:
            journal.write(f"{finding.severity} {finding.id} on {finding.host}: {finding.what} ({finding.accepted})")
        stopping = [f"{one.host}: {one.what} ({one.id}). {one.action}" for one in findings if one.stops]
        if stopping:
            name = self.installation.site.environment.name
            raise BedplateError(
                "preflight",
                "found what must be mended first:\n  " + "\n  ".join(stopping),
                f"bedplate preflight {name}",
            )
        return Outcome(0, f"{len(findings)} findings, none stops")


@dataclass(frozen=True, slots=True)
class CreateCertificates:
    """The environment's authority, the mirror's certificate, and every value that components ask for."""

    installation: Installation
    id: str = "trust"
    title: str = "Make certificates and secrets"
    where: str = "bastion"

    def key(self) -> str:
        """Return the digest of the names in certificates, of what is asked for, and of the files it is made from."""
        site, components = self.installation.site, list(self.installation.catalog.components.values())
        asked = [secret.model_dump(mode="json") for component in components for secret in component.secrets]
        groups = [tenant.groups.model_dump(mode="json") for tenant in site.environment.tenants]
        users = [site.environment.identity.model_dump(mode="json"), groups]
        contents = keyed_digest(site, secret_files.inputs(site, components))
        names = [site.environment.name, site.environment.domain, site_trust.mirror_names(site)]
        return digest.of([names, asked, users, contents])

    def check_(self) -> bool:
        """Return whether every file is there, and every certificate has time left."""
        site = self.installation.site
        values = {
            site.state / "secrets" / secret.name / secret.key: secret.kind
            for component in self.installation.catalog.components.values()
            for secret in component.secrets
        }
        own = [site.state / "pki" / name for name in ("ca.crt", "ca.key", "mirror.crt", "mirror.key", site_key.PRIVATE)]
        names = (published.AUTHORITY, published.MIRROR_CERTIFICATE, site_key.PUBLIC)
        public = [site.folder / "pki" / name for name in names]
        signed = [site.state / "pki" / "mirror.crt", *(path for path, kind in values.items() if kind == "certificate")]
        return all(path.is_file() for path in [*values, *own, *public]) and all(
            authority.check_time_left(x509.load_pem_x509_certificate(path.read_bytes())) for path in signed
        )

    def ensure_(self, journal: Journal) -> Outcome:
        """Make what is missing and sign anew what runs out."""
        site = self.installation.site
        made = site_trust.ensure_trust(site) + secret_files.ensure_secrets(
            site, self.installation.catalog.components.values()
        )
        site_key.ensure_site_key(site)
        journal.write(f"{made} made")
        return Outcome(made)


@dataclass(frozen=True, slots=True)
class PublishMirror:
    """What the mirror serves: hard links into the store, and a signed apt repository."""

    installation: Installation
    id: str = "mirror-tree"
    title: str = "Lay out the mirror"
    where: str = "bastion"

    def key(self) -> str:
        """Return the digest of what the store's releases hold."""
        return digest.of([release.model_dump(mode="json") for release in mirror_tree.store_releases()])

    def check_(self) -> bool:
        """Return whether the tree is as the store says and its key is published."""
        return (
            bool(published.read_public(self.installation.site, published.MIRROR_KEY)) and not mirror_tree.check_mirror()
        )

    def ensure_(self, journal: Journal) -> Outcome:
        """Bring the tree to what the store holds."""
        changed = mirror_tree.ensure_mirror()
        changed += published.publish(
            self.installation.site, published.MIRROR_KEY, paths.MIRROR / mirror_tree.PUBLIC_KEY
        )
        journal.write(f"{changed} files changed")
        return Outcome(changed)
