"""Image references in text: what containerd would pull if a program asked for this string.

Grammar: https://github.com/distribution/reference/blob/v0.6.0/reference.go. The difficulty is not to
find references but to invent none: URLs, paths, MIME types, API groups, label keys and taints look alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bedplate.bundle.registry_tree import split_image

PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
HOST = rf"(?:{LABEL}(?:\.{LABEL})+(?::[0-9]{{1,5}})?|localhost:[0-9]{{1,5}})"
TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
DIGEST = r"sha256:[0-9a-f]{64}"
SUFFIX = rf"(?::(?P<tag>{TAG}))?(?:@(?P<digest>{DIGEST}))?"

WHOLE = re.compile(rf"(?:(?P<host>{HOST})/)?(?P<path>{PART}(?:/{PART})*){SUFFIX}")
INSIDE = re.compile(
    rf"(?:(?<=docker://)|(?<=oci://)|(?<![\w./:@%+~-]))(?P<host>{HOST})/(?P<path>{PART}(?:/{PART})*){SUFFIX}(?![\w/])"
)
SAID = re.compile(rf"(?i:[\w.-]*image)[\"']?\s*[:=]\s*[\"']?(?P<ref>{PART}(?:[/:]{PART})*{SUFFIX})(?![\w/$({{])")
REGISTRIES = re.compile(
    r"(?:[\w.-]+\.)?(?:docker\.io|quay\.io|gcr\.io|ghcr\.io|nvcr\.io|pkg\.dev|registry\.k8s\.io|azurecr\.io"
    r"|mcr\.microsoft\.com|public\.ecr\.aws|registry\.[\w.-]+)(?::[0-9]+)?"
)
EFFECTS = ("NoSchedule", "NoExecute", "PreferNoSchedule")


@dataclass(frozen=True, slots=True)
class ImageName:
    """A reference with containerd's defaults filled in; digest is empty where none was given."""

    name: str
    digest: str = ""

    def __str__(self) -> str:
        """Return it as one writes it."""
        return f"{self.name}@{self.digest}" if self.digest else self.name


def normal(reference: str) -> ImageName:
    """Return a reference with host, `library/` and tag filled in."""
    host, repository, tag = split_image(reference)
    return ImageName(f"{host}/{repository}:{tag}", reference.partition("@")[2])


def whole(text: str) -> ImageName | None:
    """Return the reference that a text is, where an image is expected; None for anything else, such as a template."""
    return normal(text) if WHOLE.fullmatch(text) else None


def inside(text: str) -> Iterator[ImageName]:
    """Yield the references inside any text: by a registry's host, any host with a tag, or `image:` and `image=`."""
    for match in INSIDE.finditer(text):
        if _is_image(match):
            yield normal(match[0])
    for match in SAID.finditer(text):
        if re.search(r"[/:]", match["ref"]) and WHOLE.fullmatch(match["ref"]):
            yield normal(match["ref"])


def _is_image(match: re.Match[str]) -> bool:
    if match["tag"] in EFFECTS:
        return False
    return bool(match["digest"] or match["tag"] or REGISTRIES.fullmatch(match["host"]))
