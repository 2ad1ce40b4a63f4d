"""What runs in the cluster, compared with a release that would need another Kubernetes, etcd or containerd.

Replacing the programs of a running cluster is an upgrade, with its own order and waits. There is none yet, so a release
or an environment that needs one is refused before anything is changed, instead of being recorded as done.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from bedplate.apply import running_images
from bedplate.apply.installation import Installation
from bedplate.apply.start_control_plane import StartControlPlane
from bedplate.cluster import kubectl
from bedplate.config import addresses
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError, ErrorList, InputError

STATIC_PODS = {"kube-apiserver": "Kubernetes", "etcd": "etcd"}
"""Pods of a control plane, by container, and the program whose version their image's tag is."""
FIRST_STEP = StartControlPlane.id
"""The step that creates the cluster."""


@dataclass(frozen=True, slots=True)
class RunningVersion:
    """A program that runs on a host.

    Attributes:
        program: its name for people.
        host: the node.
        version: without a leading v.
    """

    program: str
    host: str
    version: str


def refuse_cluster_upgrade(installation: Installation) -> None:
    """Refuse a release or an environment that needs another Kubernetes, etcd or containerd, or other fixed ranges.

    Args:
        installation: environment and release; its cluster exists.

    Raises:
        ErrorList: something differs; nothing was changed.
        BedplateError: the cluster does not answer.
    """
    site = installation.site
    nodes = kubectl.get(site, "nodes", kubectl.PATIENCE)["items"]
    names = [f"pod/{container}-{host.name}" for host in site.control_plane for container in STATIC_PODS]
    wanted = ["configmap/kubeadm-config", *names, "--ignore-not-found", kubectl.PATIENCE]
    # kubectl prints nothing at all where it finds none of them.
    found = kubectl.run(site, "get", "-n", "kube-system", *wanted, "-o", "json") or b'{"items": []}'
    objects = json.loads(found)["items"]
    errors = [*_other_versions(installation, nodes, objects), *_other_settings(site, objects)]
    # Another version is another image, too; one sentence about it is enough.
    errors = errors or [*running_images.other_builds(installation)]
    if errors:
        raise ErrorList(errors)


def running_versions(nodes: list[dict[str, Any]], objects: list[dict[str, Any]]) -> Iterator[RunningVersion]:
    """Yield what runs, from the cluster's nodes and the control planes' pods."""
    for node in nodes:
        host, info = node["metadata"]["name"], node["status"]["nodeInfo"]
        yield RunningVersion("Kubernetes", host, info["kubeletVersion"].removeprefix("v"))
        runtime, _, version = info["containerRuntimeVersion"].partition("://")
        yield RunningVersion(runtime, host, _numbers(version))
    for pod in (item for item in objects if item["kind"] == "Pod"):
        for container in pod["spec"]["containers"]:
            tag = container["image"].partition("@")[0].rpartition(":")[2]
            yield RunningVersion(STATIC_PODS[container["name"]], pod["spec"]["nodeName"], tag.removeprefix("v"))


def released_versions(installation: Installation) -> dict[str, str]:
    """Return the release's versions by program; a program that the release does not have is missing."""
    packages = [artifact.id.partition(":")[2].split("_") for artifact in installation.release_file.artifacts]
    revisions = {parts[0]: parts[1] for parts in packages if len(parts) == len(("name", "version", "architecture"))}
    components = installation.catalog.release.components
    found = {
        "Kubernetes": components.get("kubernetes"),
        "etcd": components.get("etcd"),
        "containerd": _numbers(revisions.get("containerd", "")),
    }
    return {program: version for program, version in found.items() if version}


def _numbers(version: str) -> str:
    """Return a version without what the distribution adds: the program of package 1.6.20~ds1-1+deb12u3 is 1.6.20."""
    found = re.match(r"(?:[0-9]+:)?([0-9.]*[0-9])", version)
    return found[1] if found else ""


def _other_versions(
    installation: Installation, nodes: list[dict[str, Any]], objects: list[dict[str, Any]]
) -> Iterator[BedplateError]:
    released, hosts = released_versions(installation), {host.name for host in installation.site.hosts}
    for running in running_versions(nodes, objects):
        version = released.get(running.program, running.version)
        if running.host in hosts and running.version != version:
            fact = f"has {running.program} {version}, but {running.host} runs {running.version}"
            step = "keep the release that is applied; upgrades of these programs come with a later release"
            yield InputError(f"release {installation.catalog.release.version}", fact, step)


def _other_settings(site: Site, objects: list[dict[str, Any]]) -> Iterator[BedplateError]:
    """Yield the settings that a cluster has for life, where the environment has others."""
    settings = next((item for item in objects if item["kind"] == "ConfigMap"), None)
    if settings is None:
        return
    running: Mapping[str, Any] = yaml.safe_load(settings["data"]["ClusterConfiguration"])
    network = site.environment.network
    for key, wanted, value in (
        ("network.pods", str(network.pods), running["networking"]["podSubnet"]),
        ("network.services", str(network.services), running["networking"]["serviceSubnet"]),
        ("domain", addresses.site_names(site.environment.domain).api, running["controlPlaneEndpoint"].split(":")[0]),
    ):
        if value != wanted:
            fact = f"gives {wanted}, but the cluster was created with {value}, and keeps it for life"
            yield InputError(f"key {key}", fact, "change it back")
