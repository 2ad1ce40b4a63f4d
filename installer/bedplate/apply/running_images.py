"""Images that kubeadm's pods run, compared with a release that has another build of them under the same tag.

Nodes have the tag already, so they never fetch the other build. Pods that Bedplate renders name their image by digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bedplate.apply.installation import Installation
from bedplate.cluster import kubeadm_pods, kubectl
from bedplate.core.errors import InputError

DIGEST = "@sha256:"
MAX_NAMED = 5
"""Hosts that an error names."""


def other_builds(installation: Installation) -> Iterator[InputError]:
    """Yield an error for each image of which the release has another build than the environment's hosts run.

    Args:
        installation: environment and release; its cluster exists.

    Raises:
        BedplateError: the cluster does not answer.
    """
    hosts = {host.name for host in installation.site.hosts}
    pods = [
        pod
        for label in kubeadm_pods.LABELS
        for pod in _pods(installation, label)
        if pod["spec"].get("nodeName") in hosts
    ]
    for image, running in sorted(_different(installation, pods).items()):
        named = ", ".join(sorted(running)[:MAX_NAMED])
        more = f" and {len(running) - MAX_NAMED} more" if len(running) > MAX_NAMED else ""
        fact = (
            f"has another build of {image} than {named}{more}, and Bedplate cannot replace it in a running cluster yet"
        )
        step = "keep the release that is applied; upgrades of these programs come with a later release"
        yield InputError(f"release {installation.catalog.release.version}", fact, step)


def _pods(installation: Installation, label: str) -> list[dict[str, Any]]:
    words = ("-n", kubeadm_pods.NAMESPACE, "-l", label, kubectl.PATIENCE)
    found: list[dict[str, Any]] = kubectl.get(installation.site, "pods", *words)["items"]
    return found


def _different(installation: Installation, pods: list[dict[str, Any]]) -> Mapping[str, set[str]]:
    """Return the hosts that run another build, by image."""
    found: dict[str, set[str]] = {}
    for pod in pods:
        images = {container["name"]: container["image"] for container in pod["spec"]["containers"]}
        for status in pod["status"].get("containerStatuses", []):
            image, digest = images.get(status["name"], ""), status["imageID"].partition(DIGEST)[2]
            released = installation.release_file.image_digest(image)
            # Nothing is known of a container that has not started, or of an image that was loaded from a file.
            if digest and released and digest != released:
                found.setdefault(image, set()).add(pod["spec"]["nodeName"])
    return found
