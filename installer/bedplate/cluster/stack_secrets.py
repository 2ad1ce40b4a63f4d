"""Secrets that rendered objects reference, and an HMAC of their values (contract 1, docs/explanation/design.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bedplate.config.environments import Site
from bedplate.pki.keyed_digest import keyed_digest
from bedplate.pki.secret_files import read_secret
from bedplate.render.rendered import RenderedObject


def references(value: Any) -> Iterator[str]:
    """Yield every ``secretRef`` marker in an object."""
    match value:
        case {"secretRef": str(reference)} if len(value) == 1:
            yield reference
        case dict():
            for item in value.values():
                yield from references(item)
        case list():
            for item in value:
                yield from references(item)


def fingerprint(site: Site, names: Iterable[str]) -> str:
    """Return one HMAC over the values of secrets; it shows that a value changed, and nothing else."""
    return keyed_digest(site, {name: read_secret(site, name) for name in names})


def layer_fingerprint(site: Site, objects: Iterable[RenderedObject]) -> str:
    """Return one HMAC over all secrets that some objects reference, for the key of a layer's step."""
    return fingerprint(site, [name for rendered in objects for name in references(rendered.object)])
