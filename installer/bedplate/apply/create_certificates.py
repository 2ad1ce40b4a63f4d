"""Step "Create certificates and secrets": the environment's authority, certificates, secrets and site key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bedplate.apply.installation import Installation
from bedplate.apply.step import Journal, Outcome
from bedplate.config import addresses
from bedplate.config.acceptance_tenant import every_tenant
from bedplate.core import digest
from bedplate.pki import authority, secret_files, site_key, site_trust
from bedplate.pki.keyed_digest import keyed_digest
from bedplate.pki.secret_files import has_value


@dataclass(frozen=True, slots=True)
class CreateCertificates:
    """The authority, the mirror's certificate and every secret that a component declares are on the bastion."""

    installation: Installation
    id: ClassVar = "trust"
    title: ClassVar = "Create certificates and secrets"
    where: ClassVar = "bastion"

    def key(self) -> str:
        """Return the digest of the names in certificates, the declared secrets, and the files that these come from."""
        site, components = self.installation.site, list(self.installation.catalog.components.values())
        declared = [secret.model_dump(mode="json") for component in components for secret in component.secrets]
        groups = [tenant.groups.model_dump(mode="json") for tenant in every_tenant(site.environment)]
        users = [site.environment.identity.model_dump(mode="json"), groups]
        contents = keyed_digest(site, secret_files.input_files(site, components))
        names = [site.environment.name, site.environment.domain, addresses.mirror_names(site)]
        return digest.of([names, declared, users, contents])

    def is_done(self) -> bool:
        """Return whether every file is in place and published, and no certificate expires soon."""
        site = self.installation.site
        secrets = {
            site.state / "secrets" / secret.name / secret.key: secret.kind
            for component in self.installation.catalog.components.values()
            for secret in component.secrets
        }
        own = site_trust.check_trust(site) and site_key.check_site_key(site)
        signed = [path for path, kind in secrets.items() if kind == "certificate"]
        # A file of the site may be empty.
        made = all(path.is_file() if kind == "file" else has_value(path) for path, kind in secrets.items())
        return own and made and all(map(authority.check_time_left, signed))

    def run(self, journal: Journal) -> Outcome:
        """Create what is missing, and sign again what expires soon."""
        site = self.installation.site
        created = site_trust.ensure_trust(site) + secret_files.ensure_secrets(
            site, self.installation.catalog.components.values()
        )
        site_key.ensure_site_key(site)
        journal.write(f"{created} created")
        return Outcome(created)
