"""The configuration and the manifest of an image, as JSON.

Formats: https://github.com/opencontainers/image-spec/blob/main/config.md and manifest.md there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from bedplate.artifacts.image import wheel_layer
from bedplate.artifacts.image.layer import MEDIA_TYPE, ImageLayer
from bedplate.config.component import Component, Image
from bedplate.config.release_lock import Output
from bedplate.core import oci

VENDOR = "Bedplate"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PREFIX = "org.opencontainers.image."


def image_configuration(
    image: Image, component: Component, layers: Sequence[ImageLayer], architecture: str, epoch: int
) -> dict[str, Any]:
    """Return the image's configuration."""
    process = {
        "User": image.user,
        "WorkingDir": image.workdir,
        "Env": [f"{name}={value}" for name, value in sorted(process_environment(image).items())],
        "Entrypoint": image.entrypoint,
        "Cmd": image.cmd,
        "Labels": image_labels(image, component),
    }
    return {
        "created": dt.datetime.fromtimestamp(epoch, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "architecture": architecture,
        "os": "linux",
        "config": {key: value for key, value in process.items() if value},
        "rootfs": {"type": "layers", "diff_ids": [oci.digest(layer.diff_id) for layer in layers]},
    }


def image_manifest(
    image: Image, component: Component, configuration: Output, layers: Sequence[ImageLayer]
) -> dict[str, Any]:
    """Return the image's manifest."""
    return {
        "schemaVersion": 2,
        "mediaType": oci.MANIFEST_TYPE,
        "config": oci.descriptor(oci.CONFIG_TYPE, configuration.sha256, configuration.size),
        "layers": [oci.descriptor(MEDIA_TYPE, layer.sha256, layer.size) for layer in layers],
        "annotations": image_labels(image, component),
    }


def process_environment(image: Image) -> dict[str, str]:
    """Return the process's environment variables: ours if they are needed, and the component's."""
    if not image.wheels:
        return {"PATH": PATH, **image.env}
    # images have no compiled Python, and are read-only: Python caches what it compiles in /tmp, if there is one
    ours = {"PATH": f"{wheel_layer.BIN}:{PATH}", "PYTHONPYCACHEPREFIX": "/tmp/pycache"}  # noqa: S108  in a container
    return {**ours, **image.env}


def image_labels(image: Image, component: Component) -> dict[str, str]:
    """Return who built the image, from what, and under which licences (annotations.md of the specification)."""
    licences = sorted({artifact.licence for artifact in component.artifacts if artifact.licence})
    return {
        f"{PREFIX}source": f"urn:bedplate:component:{component.name}:{component.version}",
        f"{PREFIX}title": image.name,
        f"{PREFIX}vendor": VENDOR,
        f"{PREFIX}version": image.tag,
        **({f"{PREFIX}licenses": " AND ".join(licences)} if licences else {}),
    }
