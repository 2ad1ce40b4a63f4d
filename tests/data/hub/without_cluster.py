"""The release's configuration of the hub, without a cluster: no proxy, its own port and database, a short memory."""

import os

from jupyterhub.proxy import Proxy

c = get_config()  # noqa: F821  JupyterHub gives it
load_subconfig(os.environ["HUB_CONFIG"])  # noqa: F821  as above


class NoProxy(Proxy):
    """A proxy without routes: the tests reach the hub directly."""

    async def add_route(self, routespec: str, target: str, data: object) -> None:
        """Add nothing."""

    async def delete_route(self, routespec: str) -> None:
        """Delete nothing."""

    async def get_all_routes(self) -> dict[str, object]:
        """Return no route."""
        return {}


c.JupyterHub.proxy_class = NoProxy
c.Proxy.should_start = False
c.JupyterHub.hub_bind_url = c.JupyterHub.hub_connect_url = c.JupyterHub.public_url = os.environ["HUB_URL"]
c.JupyterHub.db_url = f"sqlite:///{os.environ['HUB_DATABASE']}"
c.JupyterHub.spawner_class = "simple"
c.Authenticator.auth_refresh_age = 1
