"""A client of the cluster for acceptance tests, which only reads: objects, services, logs, and programs in pods."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bedplate.acceptance.access_question import AccessQuestion
from bedplate.cluster import kubectl
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError

POLL_SECONDS = 1.0
NOTHING = "<none>"
PYTHON = "/opt/bedplate/python/bin/python3"
"""Path of Python in every image with wheels."""


@dataclass(frozen=True, slots=True)
class ClusterClient:
    """Talks to an environment's cluster with the administrator's rights."""

    site: Site

    def items(self, kind: str, namespace: str = "", selector: str = "") -> list[dict[str, Any]]:
        """Return the objects of a kind, in one namespace or in all."""
        where = ["-n", namespace] if namespace else ["-A"]
        selected = ["-l", selector] if selector else []
        items: list[dict[str, Any]] = kubectl.get(self.site, kind, *where, *selected)["items"]
        return items

    def columns(self, kind: str, *fields: str, selector: str = "") -> list[tuple[str, ...]]:
        """Return some fields of all objects of a kind, in all namespaces, as text; a missing field is empty.

        Of objects that users own, the rest is not read: their pods' variables are tokens and passwords.

        Args:
            kind: kubectl's name.
            fields: paths such as .metadata.name.
            selector: a label selector.
        """
        named = ",".join(f"C{number}:{field}" for number, field in enumerate(fields))
        selected = ["-l", selector] if selector else []
        words = ["get", kind, "-A", *selected, "--no-headers", "-o", f"custom-columns={named}"]
        lines = kubectl.run(self.site, *words).decode().splitlines()
        return [tuple("" if word == NOTHING else word for word in line.split()) for line in lines]

    def one(self, kind: str, name: str, namespace: str = "") -> dict[str, Any]:
        """Return one object."""
        item: dict[str, Any] = kubectl.get(self.site, kind, name, *(["-n", namespace] if namespace else []))
        return item

    def raw(self, path: str) -> str:
        """Return the API server's response to GET on a path."""
        return kubectl.raw(self.site, path).decode()

    def service(self, namespace: str, service: str, port: str | int, path: str) -> Any:
        """Return the JSON that a Service in the cluster returns, by way of the API server."""
        return json.loads(self.raw(f"/api/v1/namespaces/{namespace}/services/{service}:{port}/proxy{path}"))

    def logs(self, namespace: str, selector: str) -> str:
        """Return the logs of all pods that match a selector, those before a restart included, with each line's time."""
        words = ["logs", "-n", namespace, "--tail=-1", "--timestamps"]
        restarted = [
            (pod["metadata"]["name"], "-c", container["name"], "--previous")
            for pod in self.items("pods", namespace, selector)
            for container in pod["status"].get("containerStatuses", [])
            if container["restartCount"]
        ]
        chosen = [*restarted, ("-l", selector, "--all-containers")]
        return "".join(kubectl.run(self.site, *words, *which).decode(errors="replace") for which in chosen)

    def permitted(self, questions: Iterable[AccessQuestion]) -> set[AccessQuestion]:
        """Return the questions that the API server answers with yes; all are sent in one request."""
        ordered = list(questions)
        reviews = {"apiVersion": "v1", "kind": "List", "items": [access.review() for access in ordered]}
        template = "jsonpath={.status.allowed}{'\\n'}"
        answers = kubectl.run(self.site, "create", "-o", template, "-f", "-", stdin=json.dumps(reviews).encode())
        words = answers.decode().split()
        return {access for access, word in zip(ordered, words, strict=True) if word == "true"}

    def run_in(self, namespace: str, pod: str, *words: str, timeout: float = 60) -> str:
        """Run a program in a pod and return what it printed."""
        return kubectl.run(self.site, "exec", "-n", namespace, pod, "--", *words, timeout=timeout).decode()


def wait(is_so: Callable[[], bool], subject: str, seconds: float, fact: str = "is not ready") -> None:
    """Wait until a condition is met.

    Args:
        is_so: returns whether it is met.
        subject: subject of the error.
        seconds: how long to wait.
        fact: fact of the error.

    Raises:
        BedplateError: it is not met in time.
    """
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise BedplateError(subject, f"{fact} after {seconds:.0f} s")
        time.sleep(POLL_SECONDS)
