"""Throwaway certificates, tokens and kubeconfigs for an API server that tests start."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from bedplate.pki import authority

ADMIN, ROOT, CONTROLLERS = "kubernetes-admin", "kubernetes-super-admin", "system:kube-controller-manager"
"""Users, named as kubeadm names them."""
GROUPS = {ADMIN: "kubeadm:cluster-admins", ROOT: "system:masters", CONTROLLERS: ""}
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class ApiCredentials:
    """Files by which an API server and its clients recognize each other.

    Attributes:
        folder: the files' folder.
        tokens: the bearer token of each user.
    """

    folder: Path
    tokens: dict[str, str]

    @property
    def authority(self) -> Path:
        """Return the certificate that signed the server's."""
        return self.folder / "ca.crt"

    @property
    def server(self) -> tuple[Path, Path]:
        """Return the server's certificate and key."""
        return self.folder / "server.crt", self.folder / "server.key"

    @property
    def accounts(self) -> tuple[Path, Path]:
        """Return the certificate and key that verify and sign the tokens of service accounts."""
        return self.folder / "accounts.crt", self.folder / "accounts.key"

    @property
    def token_file(self) -> Path:
        """Return the API server's list of tokens, users and groups."""
        return self.folder / "tokens.csv"

    def kubeconfig(self, user: str, server: str) -> Path:
        """Write a user's kubeconfig and return its path.

        Args:
            user: one of the users that have a token.
            server: URL of the API server.
        """
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": server, "certificate-authority": str(self.authority)}}],
            "users": [{"name": user, "user": {"token": self.tokens[user]}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": user}}],
            "current-context": "c",
        }
        path = self.folder / f"{user.replace(':', '-')}.conf"
        path.touch(mode=0o600)
        path.write_text(json.dumps(content))
        return path


def create_credentials(folder: Path) -> ApiCredentials:
    """Create the certificates and tokens of one API server in a new folder."""
    folder.mkdir(mode=0o700)
    created = ApiCredentials(folder, {user: secrets.token_hex(16) for user in GROUPS})
    signer, _ = authority.ensure_authority(folder, "tests")
    authority.ensure_certificate(signer, *created.server, [LOOPBACK, "localhost"])
    authority.ensure_certificate(signer, *created.accounts, ["service-accounts"])
    lines = [f'{token},{user},{user},"{GROUPS[user]}"' for user, token in created.tokens.items()]
    created.token_file.write_text("\n".join(lines) + "\n")
    return created
