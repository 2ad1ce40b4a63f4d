"""JupyterHub's authenticator over Bedplate's identity providers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from jupyterhub.auth import Authenticator
from traitlets import Unicode

from bedplate_hub.providers import Identity, Provider, provider


class GroupAuthenticator(Authenticator):
    """Logs users in and gives the hub their groups: every few minutes, and before each start of a server."""

    provider_kind = Unicode("file", config=True, help="identity.provider of environment.yaml")
    users_file = Unicode("", config=True, help="the users file's place, for the provider 'file'")

    @property
    def provider(self) -> Provider:
        """Return the configured provider."""
        return provider(self.provider_kind, Path(self.users_file))

    async def authenticate(self, handler: Any, data: dict[str, str]) -> dict[str, Any] | None:  # noqa: ARG002  JupyterHub's form
        """Return the user with groups, or None if name or password is wrong."""
        name = self.normalize_username(data["username"])
        # scrypt takes a tenth of a second, during which the hub keeps serving others.
        found = await asyncio.to_thread(self.provider.authenticate, name, data["password"])
        return _user(found) if found else None

    async def refresh_user(self, user: Any, handler: Any = None, **_: Any) -> dict[str, Any] | bool:  # noqa: ARG002  as above
        """Return the user with their current groups; False logs out a removed user."""
        found = self.provider.look_up(user.name)
        return _user(found) if found else False


def _user(identity: Identity) -> dict[str, Any]:
    return {"name": identity.name, "groups": list(identity.groups)}
