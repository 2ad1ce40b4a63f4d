"""Secret values: files on the bastion, read only while a stack runs (contract 1)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from typing import Any

from bedplate import digest, files
from bedplate.environments import Site
from bedplate.pki.secrets import read_secret
from bedplate.render.objects import RenderedObject


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
    """Return the HMAC of secrets' values under the environment's key: it tells of a change and of nothing else."""
    values = {name: hashlib.sha256(read_secret(site, name)).hexdigest() for name in sorted(set(names))}
    return hmac.new(_key(site), digest.canonical(values), hashlib.sha256).hexdigest()


def layer_fingerprint(site: Site, objects: Iterable[RenderedObject]) -> str:
    """Return one HMAC over all secrets that objects refer to, for the key of a layer's step."""
    return fingerprint(site, [name for one in objects for name in references(one.object)])


def _key(site: Site) -> bytes:
    """Return the environment's HMAC key, made once."""
    path = site.state / "pulumi" / "hmac.key"
    if not path.exists():
        files.write_atomic(path, secrets.token_bytes(32), mode=0o600)
    return path.read_bytes()
