"""Image references in pairs of variables or options: X_IMAGE and X_IMAGE_TAG, --x-image= and --x-image-tag=."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bedplate.images.parts import SHA, join_reference
from bedplate.images.reference import FoundImage

VARIABLE = re.compile(r"(?P<stem>(?:.*_)?IMAGE)(?:_NAME|_REPOSITORY|_REPO)?|(?P<other>(?:.*_)?)REPOSITORY")
TRIGGERS = ("IMAGE", "IMAGE_NAME", "REPOSITORY", "_REPO")
"""Endings of the name of a variable with a repository."""


def image_pairs(variables: Mapping[str, str]) -> Iterator[tuple[str, FoundImage]]:
    """Yield the references that variables make together, each with the variable that has its repository.

    Args:
        variables: values by name, in capitals with underscores.
    """
    for name, base in variables.items():
        match = VARIABLE.fullmatch(name)
        if match is None or not base or re.search(r":[^/]+$|@", base):
            continue
        stem = match["stem"] or f"{match['other']}IMAGE"
        registry, tag, version, digest = (_part(variables, stem, k) for k in ("REGISTRY", "TAG", "VERSION", "DIGEST"))
        whole = f"{registry.rstrip('/')}/{base}" if registry else base
        if (tag or version or SHA.fullmatch(digest)) and (
            made := join_reference(whole, tag or version, digest if SHA.fullmatch(digest) else "", (), name)
        ):
            yield name, made.found


def _part(variables: Mapping[str, str], stem: str, part: str) -> str:
    """Return X_IMAGE_TAG, or X_TAG."""
    root = stem.removesuffix("IMAGE")
    return variables.get(f"{stem}_{part}", "") or (variables.get(f"{root}{part}", "") if root else "")
