"""Parsing image names, with the defaults that containerd adds.

Grammar: https://github.com/distribution/reference/blob/v0.6.0/reference.go. Defaults:
https://github.com/containerd/containerd/blob/v2.1.0/vendor/github.com/distribution/reference/normalize.go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

DEFAULT_HOST = "docker.io"
PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
HOST = (
    rf"(?:{LABEL}(?:\.{LABEL})+(?::[0-9]{{1,5}})?|[A-Za-z][A-Za-z0-9-]*:[0-9]{{1,5}}|localhost"
    r"|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?)"
)
TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
DIGEST = r"(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})"

WHOLE = re.compile(rf"(?:(?P<host>{HOST})/)?(?P<path>{PART}(?:/{PART})*)(?::(?P<tag>{TAG}))?(?:@(?P<digest>{DIGEST}))?")
NO_IMAGE = re.compile(
    r"(?i:true|false|yes|no|on|off|none|null|default|auto|enabled|disabled|always|never|localhost(?::[^/]*)?)"
    r"|sha256(?::[0-9a-f]*)?"
    r"|[0-9]+[a-z]{0,2}|[0-9]+:[0-9]+(?::[0-9]+)?"
    r"|(?:application|audio|font|image|message|model|multipart|text|video)/[\w.+-]+"
    r"|[^:@]*\.(?:gif|gz|ico|img|iso|jpe?g|json|png|qcow2|raw|svg|tar|tgz|txt|vmdk|webp|ya?ml|zip)"
)
"""Values of fields named `image` that are not images: switches, numbers, times, bare digests, media types, files."""


@dataclass(frozen=True, slots=True)
class ImageName:
    """A reference with host and `library/` filled in.

    Attributes:
        repository: host and path.
        tag: empty if there is a digest, or if it is unknown.
        digest: ``sha256:…`` or ``sha512:…``; empty if none was given.
    """

    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """Return repository and tag."""
        return f"{self.repository}:{self.tag}" if self.tag else self.repository

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.name}@{self.digest}" if self.digest else self.name


def split_image(image: str) -> tuple[str, str, str]:
    """Return host, repository and tag of an image's full name, with the defaults that containerd adds."""
    name, _, tag = image.partition("@")[0].rpartition(":") if re.search(r":[^/]+$", image) else (image, "", "latest")
    host, slash, repository = name.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, repository = DEFAULT_HOST, name
    if host == DEFAULT_HOST and "/" not in repository:
        repository = f"library/{repository}"
    return host, repository, tag


def normalize_image(reference: str) -> ImageName:
    """Return what containerd would pull for a reference; without tag and digest, that is `latest`."""
    bare, _, digest = reference.partition("@")
    host, repository, tag = split_image(bare)
    tagged = bool(re.search(r":[^/]+$", bare))
    return ImageName(f"{host}/{repository}", tag if tagged or not digest else "", digest)


def untagged_image(reference: str) -> ImageName:
    """Return a reference without its tag, which is decided elsewhere."""
    return replace(normalize_image(reference), tag="")


def parse_image(text: str) -> ImageName | None:
    """Parse a text in a field for images; None for anything else, such as a template."""
    return normalize_image(text) if WHOLE.fullmatch(text) and not NO_IMAGE.fullmatch(text) else None
