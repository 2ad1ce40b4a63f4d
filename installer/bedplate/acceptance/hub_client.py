"""A client of JupyterHub that acts as a user: login form, REST API, a kernel's websocket."""

from __future__ import annotations

import json
import re
import ssl
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import websocket

from bedplate.core.errors import BedplateError

START_SECONDS = 300
STOP_SECONDS = 120
CELL_SECONDS = 180
POLL_SECONDS = 0.5
WRONG_PASSWORD = "Invalid username or password"  # noqa: S105  the hub's message
CREATED = (200, 201, 202, 204)


@dataclass(slots=True)
class HubUser:
    """A user's session with JupyterHub.

    Attributes:
        base: JupyterHub's URL, such as https://notebooks.example.test:30443.
        authority: file with the certificate of the CA that must have signed JupyterHub's.
        name: the user.
        client: the HTTP client.
        token: the API token that take_token created.
        token_id: its id.
    """

    base: str
    authority: Path
    name: str
    client: httpx.Client = field(init=False)
    token: str = field(init=False, default="", repr=False)
    token_id: str = field(init=False, default="")

    def __post_init__(self) -> None:
        """Prepare the client; no connection is opened yet."""
        context = ssl.create_default_context(cafile=str(self.authority))
        # Ignore this machine's proxy settings: JupyterHub is inside the air gap.
        self.client = httpx.Client(
            base_url=self.base, verify=context, trust_env=False, follow_redirects=True, timeout=30
        )

    def login(self, password: str) -> bool:
        """Submit the login form; return whether the login was accepted."""
        response = self._submit(password)
        return response.status_code == httpx.codes.OK and response.url.path == "/hub/home"

    def is_refused(self, password: str) -> bool:
        """Submit the login form; return whether the hub says that the password is wrong, and not another error."""
        response = self._submit(password)
        return response.status_code == httpx.codes.FORBIDDEN and WRONG_PASSWORD in response.text

    def take_token(self) -> None:
        """Create an API token, as the Token page does, and use it from here on."""
        home = self.client.get("/hub/home")
        response = self.client.post(
            f"/hub/api/users/{self.name}/tokens",
            json={"note": "acceptance run", "expires_in": 3600},
            headers={"X-XSRFToken": _xsrf(home.text), "Referer": f"{self.base}/hub/token"},
        )
        _expect(response, "create a token")
        created = response.json()
        self.token, self.token_id = str(created["token"]), str(created["id"])
        self.client.headers["Authorization"] = f"token {self.token}"
        self.client.cookies.clear()

    def drop_token(self) -> None:
        """Revoke the API token; from here on, no request is permitted."""
        response = self.client.delete(f"/hub/api/users/{self.name}/tokens/{self.token_id}")
        _expect(response, "revoke the token")

    def form(self) -> str:
        """Return the page where users choose the namespace and size of their server."""
        response = self.client.get("/hub/spawn")
        _expect(response, "open the form")
        return response.text

    def request_start(self, options: Mapping[str, str]) -> httpx.Response:
        """Request a server and return the hub's first response."""
        return self.client.post(f"/hub/api/users/{self.name}/server", json=dict(options))

    def start(self, options: Mapping[str, str]) -> None:
        """Start the server and wait until it is ready."""
        _expect(self.request_start(options), "start the server")
        self.wait_started()

    def wait_started(self) -> None:
        """Wait until the requested server is ready."""
        self._wait(START_SECONDS, "is not ready", lambda server: bool(server and server["ready"]))

    def stop(self) -> None:
        """Stop the server and wait until it has stopped."""
        response = self.client.delete(f"/hub/api/users/{self.name}/server")
        _expect(response, "stop the server")
        self._wait(STOP_SECONDS, "is still running", lambda server: server is None)

    def server(self) -> dict[str, Any] | None:
        """Return the hub's description of the user's server; None if there is none."""
        response = self.client.get(f"/hub/api/users/{self.name}")
        _expect(response, "describe the server")
        servers: dict[str, Any] = response.json().get("servers") or {}
        return servers.get("")

    def run_cell(self, code: str, seconds: float = CELL_SECONDS) -> str:
        """Run a cell in a new kernel of the user's server and return what it printed."""
        response = self.client.post(f"/user/{self.name}/api/kernels", json={"name": "python3"})
        _expect(response, "start a kernel")
        kernel = response.json()["id"]
        try:
            return self._execute(kernel, code, seconds)
        finally:
            self.client.delete(f"/user/{self.name}/api/kernels/{kernel}")

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def _submit(self, password: str) -> httpx.Response:
        page = self.client.get("/hub/login")
        page.raise_for_status()
        fields = {"username": self.name, "password": password, "_xsrf": _xsrf(page.text)}
        return self.client.post("/hub/login", params={"next": "/hub/home"}, data=fields)

    def _execute(self, kernel: str, code: str, seconds: float) -> str:
        address = f"{self.base.replace('https://', 'wss://')}/user/{self.name}/api/kernels/{kernel}/channels"
        channel = websocket.create_connection(
            address,
            header=[f"Authorization: {self.client.headers['Authorization']}"],
            sslopt={"ca_certs": str(self.authority)},
            http_no_proxy=["*"],
            timeout=seconds,
        )
        try:
            request = _request(code)
            channel.send(json.dumps(request))
            return _printed(channel, request["header"]["msg_id"], time.monotonic() + seconds)
        finally:
            channel.close()

    def _wait(self, seconds: float, fact: str, is_so: Any) -> None:
        end = time.monotonic() + seconds
        while not is_so(self.server()):
            if time.monotonic() > end:
                raise BedplateError(f"server of {self.name}", f"{fact} after {seconds:.0f} s")
            time.sleep(POLL_SECONDS)


def _xsrf(page: str) -> str:
    found = re.search(r'name="_xsrf" value="([^"]+)"', page) or re.search(r'xsrf_token: "([^"]+)"', page)
    return found[1] if found else ""


def _expect(response: httpx.Response, what: str) -> None:
    if response.status_code not in CREATED:
        fact = f"refused to {what}: {response.status_code} {_message(response)}".rstrip()
        raise BedplateError("JupyterHub", fact, "read the log of the hub's pod")


def _message(response: httpx.Response) -> str:
    """Return the hub's own message; never a page or an object, which hold tokens."""
    try:
        return str(response.json()["message"])[:300]
    except (ValueError, KeyError, TypeError):
        return ""


def _request(code: str) -> dict[str, Any]:
    """Return an execute_request (https://jupyter-client.readthedocs.io/en/stable/messaging.html#execute)."""
    header = {"msg_id": uuid.uuid4().hex, "username": "", "session": uuid.uuid4().hex, "version": "5.3"}
    return {
        "header": {**header, "msg_type": "execute_request", "date": ""},
        "parent_header": {},
        "metadata": {},
        "content": {"code": code, "silent": False, "store_history": False, "allow_stdin": False, "stop_on_error": True},
        "channel": "shell",
        "buffers": [],
    }


def _printed(channel: Any, request: str, end: float) -> str:
    """Return what a request printed, once the kernel is idle again; raise BedplateError with the cell's error."""
    text = ""
    while time.monotonic() < end:
        message = json.loads(channel.recv())
        if message["parent_header"].get("msg_id") != request:
            continue
        content = message["content"]
        match message["msg_type"]:
            case "stream":
                text += content["text"]
            case "error":
                raise BedplateError("cell", f"failed: {content['ename']}: {content['evalue'][:300]}")
            case "status" if content["execution_state"] == "idle":
                return text
    raise BedplateError("cell", f"did not finish in time; it printed {len(text)} characters")
