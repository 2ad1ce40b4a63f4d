"""Names of images in the mirror, which keep the upstream host and repository."""

from __future__ import annotations

import pytest

from bedplate.images.image_name import split_image
from bedplate.images.mirror_names import mirror_repository

REPOSITORIES = {
    "registry.k8s.io/pause:3.10.1": "registry.k8s.io/pause",
    "docker.io/rancher/x:v1": "docker.io/rancher/x",
    "busybox:1": "docker.io/library/busybox",
    "busybox": "docker.io/library/busybox",
    "rancher/x": "docker.io/rancher/x",
    "harbor.site:8443/a/b:1": "harbor.site_8443/a/b",
    "localhost:5000/a": "localhost_5000/a",
}


@pytest.mark.parametrize(("image", "repository"), REPOSITORIES.items())
def test_repository(image: str, repository: str) -> None:
    """The mirror keeps names: upstream host and repository."""
    assert mirror_repository(image) == repository


def test_image_parts() -> None:
    """Neither a digest nor a port is taken for a tag."""
    assert split_image("quay.io/a/b:v1@sha256:" + "0" * 64) == ("quay.io", "a/b", "v1")
    assert split_image("h:5000/a/b") == ("h:5000", "a/b", "latest")
