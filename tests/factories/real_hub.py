"""JupyterHub as it is in the release's image, with the release's configuration, but without a cluster."""

from __future__ import annotations

import re
import shutil
import socket
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from bedplate.artifacts.cache import Cache
from bedplate.config.catalog import Catalog
from bedplate.config.release_lock import set_name
from bedplate.core import paths
from bedplate.render.rendered import RenderedObject
from factories import DATA, unavailable
from factories.background_programs import program

HUB = paths.SOURCE / "manifests/jupyterhub/hub"
START_SECONDS = 600.0
"""A start takes some seconds; on a machine that does much else, minutes."""


def unpack_wheels(catalog: Catalog, folder: Path) -> Path:
    """Unpack the wheels of the hub's image into a folder, and return it; they must be in the cache."""
    lock, cache = catalog.lock(), Cache()
    for name in lock.sets[set_name("wheel", catalog.components["jupyterhub"].images[0].wheels)]:
        output = lock.by_id[name].output
        if not output or not cache.has(output.sha256):
            unavailable(f"{name} is not in {cache.root}; run: ./bedplate bundle build")
        with zipfile.ZipFile(cache.blob(output.sha256)) as wheel:
            wheel.extractall(folder)
    for data in folder.glob("*.data/data"):
        shutil.copytree(data, folder, dirs_exist_ok=True)
    return folder


def hub_settings(rendered: list[RenderedObject]) -> str:
    """Return the hub's settings.yaml as it is rendered for an environment."""
    found = next(one.object for one in rendered if one.identity[1:] == ("ConfigMap", "notebooks", "hub"))
    text: str = found["data"]["settings.yaml"]
    return text


@dataclass(frozen=True, slots=True)
class RealHub:
    """A running hub.

    Attributes:
        url: its address.
        users: the users file that it reads.
    """

    url: str
    users: Path

    @contextmanager
    def browser(self) -> Iterator[HubBrowser]:
        """Return a browser that keeps its cookies until the block ends."""
        with httpx.Client(base_url=self.url, trust_env=False, timeout=30) as client:
            yield HubBrowser(client)


class HubBrowser:
    """A browser of one person."""

    def __init__(self, client: httpx.Client) -> None:
        """Use an HTTP client."""
        self._client = client

    def log_in(self, name: str, password: str) -> httpx.Response:
        """Send the form of the login page, and return the response without following it."""
        self._client.get("/hub/login")
        form = {"username": name, "password": password, "_xsrf": self._client.cookies.get("_xsrf", path="/hub/") or ""}
        return self._client.post("/hub/login", data=form)

    def is_logged_in(self) -> bool:
        """Return whether the hub shows its home page instead of asking for a password."""
        return self._client.get("/hub/home").status_code == httpx.codes.OK

    def groups(self) -> list[str]:
        """Return the groups that the hub has for the person, which decide where a server may run."""
        page = self._client.get("/hub/home").text
        token = re.search(r'xsrf_token: "([^"]+)"', page)
        answer = self._client.get("/hub/api/user", headers={"X-XSRFToken": token[1] if token else ""})
        return sorted(answer.raise_for_status().json()["groups"])


@contextmanager
def running_hub(wheels: Path, settings: str, folder: Path) -> Iterator[RealHub]:
    """Run the hub until the block ends.

    Args:
        wheels: the unpacked wheels of the hub's image.
        settings: the content of settings.yaml.
        folder: its data.
    """
    hub = RealHub(f"http://127.0.0.1:{_free_port()}", folder / "users.yaml")
    (folder / "settings.yaml").write_text(settings)
    log = folder / "hub.log"
    words = hub_command(wheels, folder, "-m", "jupyterhub", "--config", str(DATA / "hub/without_cluster.py"))
    with program("jupyterhub", ["env", "-C", folder, f"HUB_URL={hub.url}", *words], log) as started:
        end = time.monotonic() + START_SECONDS
        while True:
            started.check()
            with suppress(httpx.TransportError):
                if httpx.get(f"{hub.url}/hub/health", trust_env=False).is_success:
                    break
            if time.monotonic() > end:
                raise RuntimeError(f"the hub is not ready after {START_SECONDS:.0f} s:\n{started.tail()}")
            time.sleep(0.1)
        yield hub


def hub_command(wheels: Path, folder: Path, *words: str) -> list[str | Path]:
    """Return the command line of a Python program with the hub's packages and settings."""
    variables = {
        "PYTHONPATH": f"{wheels}:{HUB}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HUB_CONFIG": HUB / "jupyterhub_config.py",
        "HUB_DATABASE": folder / "hub.sqlite",
        "BEDPLATE_HUB_SETTINGS": folder / "settings.yaml",
        "BEDPLATE_HUB_USERS": folder / "users.yaml",
        "CONFIGPROXY_AUTH_TOKEN": "0" * 64,
        "JPY_COOKIE_SECRET": "1" * 64,
    }
    return ["env", *(f"{name}={value}" for name, value in variables.items()), sys.executable, *words]


def _free_port() -> int:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return int(holder.getsockname()[1])
