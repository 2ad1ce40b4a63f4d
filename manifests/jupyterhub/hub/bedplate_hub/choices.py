"""What a user may choose: the namespaces their groups permit, sizes and volumes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DECIMAL = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
BINARY = {f"{unit}i": 1024 ** (power + 1) for power, unit in enumerate("KMGTP")}
FIELDS = ("namespace", "size", "volume")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}


class RefusedError(Exception):
    """The user may not have what they asked for; they read the message.

    Attributes:
        status: HTTP status: 403 for what is not permitted, 400 for what does not exist.
    """

    def __init__(self, status: int, message: str) -> None:
        """Take the status and the message."""
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Choice:
    """Where and how large a server runs, and after how many seconds without activity it stops."""

    namespace: str
    tenant: str
    size: str
    cpu: float
    memory: int
    volume: str
    idle: int


@dataclass(frozen=True, slots=True)
class Choices:
    """The settings file's part that users choose from."""

    tenants: list[dict[str, Any]]
    sizes: list[dict[str, str]]
    volumes: list[str]

    def permitted(self, groups: Iterable[str]) -> dict[str, str]:
        """Return namespace to tenant, of all namespaces that these groups may use, in the environment's order."""
        mine = set(groups)
        return {
            namespace: tenant["name"]
            for tenant in self.tenants
            if mine & set(tenant["groups"])
            for namespace in tenant["namespaces"]
        }

    def resolve(self, options: Mapping[str, Any], groups: Iterable[str]) -> Choice:
        """Return the choice that the options make; an option left out takes the first value offered.

        Raises:
            RefusedError: the groups do not permit the namespace, or a size or volume does not exist.
        """
        permitted = self.permitted(groups)
        if not permitted:
            raise RefusedError(403, "None of your groups may run notebooks here. Ask your department's administrator.")
        namespace = options.get("namespace") or next(iter(permitted))
        if namespace not in permitted:
            raise RefusedError(403, f"Your groups do not permit namespace {namespace!r}, only {', '.join(permitted)}.")
        size = self._size(options.get("size") or self.sizes[0]["name"])
        volume = options.get("volume") or self.volumes[0]
        if volume not in self.volumes:
            raise RefusedError(400, _not_offered("Volume", volume, self.volumes))
        cpu, memory = quantity(size["cpu"]), int(quantity(size["memory"]))
        return Choice(namespace, permitted[namespace], size["name"], cpu, memory, volume, seconds(size["idle"]))

    def _size(self, name: str) -> dict[str, str]:
        for size in self.sizes:
            if size["name"] == name:
                return size
        raise RefusedError(400, _not_offered("Size", name, [size["name"] for size in self.sizes]))


def _not_offered(what: str, name: str, offered: Iterable[str]) -> str:
    return f"{what} {name!r} is not offered. Choose one of: {', '.join(offered)}."


def load(path: Path) -> Choices:
    """Return the choices of the settings file as it is now; a mounted ConfigMap changes under a running hub."""
    data = yaml.safe_load(path.read_bytes())
    return Choices(data["tenants"], data["sizes"], data["volumes"])


def quantity(text: str) -> float:
    """Return a Kubernetes quantity as a number: 500m is 0.5, 1Gi is 1073741824."""
    for suffix, factor in BINARY.items():
        if text.endswith(suffix):
            return float(text[:-2]) * factor
    if text.endswith("m"):
        return float(text[:-1]) / 1000
    return float(text[:-1]) * DECIMAL[text[-1]] if text[-1] in DECIMAL else float(text)


def seconds(text: str) -> int:
    """Return a duration such as 12h in seconds."""
    return int(text[:-1]) * SECONDS[text[-1]]


def from_form(form: Mapping[str, list[str]]) -> dict[str, str]:
    """Return the options of a submitted form."""
    return {field: form[field][0] for field in FIELDS if form.get(field)}
