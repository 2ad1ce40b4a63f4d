"""Names of images in a site's mirror (<upstream host[_port]>/<repository>), and the upstream hosts that it replaces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bedplate.images.image_name import split_image

if TYPE_CHECKING:  # pydantic's models take 0.2 s to load, and names are needed where models are not
    from bedplate.config.bundle_layout import ReleaseFile


def mirror_repository(image: str) -> str:
    """Return the repository in the mirror that holds an image."""
    host, repository, _ = split_image(image)
    return f"{host.replace(':', '_')}/{repository}"


def registry_hosts(releases: Iterable[ReleaseFile]) -> list[str]:
    """Return the upstream hosts whose images the mirror holds, sorted."""
    return sorted({split_image(a.image)[0] for release in releases for a in release.artifacts if a.image})
