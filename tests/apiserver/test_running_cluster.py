"""A release is compared with what runs in a cluster, before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bedplate.apply.installation import Installation
from bedplate.apply.running_cluster import refuse_cluster_upgrade
from bedplate.config.bundle_layout import BundledArtifact
from bedplate.core.errors import ErrorList
from factories import api_site
from factories.api_server import ApiServer
from factories.pretended_nodes import MERGE

Json = dict[str, Any]
NODES, PODS = "/api/v1/nodes", "/api/v1/namespaces/kube-system/pods"
SETTINGS = "/api/v1/namespaces/kube-system/configmaps"
CONTAINERD = "deb:containerd_1.6.20~ds1-1+deb12u3_amd64"
CLUSTER = {
    "controlPlaneEndpoint": "api.site.bedplate.test:6443",
    "networking": {"podSubnet": "198.18.128.0/17", "serviceSubnet": "198.19.0.0/17"},
}


STATIC, PROXY = {"tier": "control-plane"}, {"k8s-app": "kube-proxy"}
OLD, NEW = "a" * 64, "b" * 64


def _pod(container: str, tag: str, labels: dict[str, str], node: str = "cp1") -> Json:
    spec = {"nodeName": node, "containers": [{"name": container, "image": f"registry.k8s.io/{container}:{tag}"}]}
    metadata = {"name": f"{container}-{node}", "labels": labels}
    return {"metadata": metadata, "spec": {**spec, "automountServiceAccountToken": False}}


def _runs(container: str) -> Json:
    """Return the status of a pod whose image has the digest OLD."""
    image = f"registry.k8s.io/{container}@sha256:{OLD}"
    status = {"name": container, "image": container, "imageID": image, "ready": True, "restartCount": 0}
    return {"status": {"phase": "Running", "containerStatuses": [status]}}


@pytest.fixture(scope="module")
def installation(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Return an installation whose cluster has a control plane and a worker of its release, as kubeadm leaves them."""
    installed = api_site.installation(api_site.api_site(server, tmp_path_factory.mktemp("site"), name="cluster"))
    versions = installed.catalog.release.components
    deb = BundledArtifact(id=CONTAINERD, kind="deb", sha256="0" * 64, size=1)
    release = installed.release_file.model_copy(update={"artifacts": [deb]})
    info = {"kubeletVersion": f"v{versions['kubernetes']}", "containerRuntimeVersion": "containerd://1.6.20"}
    tag = f"v{versions['kubernetes']}"
    pods = [_pod("kube-apiserver", tag, STATIC), _pod("etcd", f"v{versions['etcd']}", STATIC)]
    pods += [_pod("kube-proxy", tag, PROXY, node) for node in ("cp1", "worker1")]
    settings = {"metadata": {"name": "kubeadm-config"}, "data": {"ClusterConfiguration": yaml.safe_dump(CLUSTER)}}
    with server.client() as client:
        for name in ("cp1", "worker1"):
            client.post(NODES, json={"metadata": {"name": name}}).raise_for_status()
            client.patch(f"{NODES}/{name}/status", json={"status": {"nodeInfo": info}}, headers=MERGE)
        account = {"metadata": {"name": "default"}}
        client.post("/api/v1/namespaces/kube-system/serviceaccounts", json=account)
        for pod in pods:
            client.post(PODS, json=pod).raise_for_status()
            name, container = pod["metadata"]["name"], pod["spec"]["containers"][0]["name"]
            client.patch(f"{PODS}/{name}/status", json=_runs(container), headers=MERGE).raise_for_status()
        client.post(SETTINGS, json=settings).raise_for_status()
        yield replace(installed, installed=replace(installed.installed, release=release))
        for path in (f"{NODES}/cp1", f"{NODES}/worker1", f"{SETTINGS}/kubeadm-config"):
            client.delete(path)
        for pod in pods:
            client.delete(f"{PODS}/{pod['metadata']['name']}", params={"gracePeriodSeconds": 0})


def _with(installed: Installation, component: str, version: str) -> Installation:
    release = installed.catalog.release
    changed = release.model_copy(update={"components": {**release.components, component: version}})
    return replace(installed, catalog=replace(installed.catalog, release=changed))


def _with_containerd(installed: Installation, version: str) -> Installation:
    (deb,) = installed.release_file.artifacts
    file = installed.release_file.model_copy(
        update={"artifacts": [deb.model_copy(update={"id": f"deb:containerd_{version}_amd64"})]}
    )
    return replace(installed, installed=replace(installed.installed, release=file))


def _with_builds(installed: Installation, *images: str, sha256: str = NEW) -> Installation:
    """Return a release in which images have a digest, each under the tag that runs."""
    built = [BundledArtifact(id=f"image:{name}", kind="image", sha256=sha256, size=1, image=name) for name in images]
    file = installed.release_file.model_copy(update={"artifacts": [*installed.release_file.artifacts, *built]})
    return replace(installed, installed=replace(installed.installed, release=file))


def _with_network(installed: Installation, **ranges: str) -> Installation:
    site = installed.site
    network = site.environment.network.model_validate({**site.environment.network.model_dump(), **ranges})
    environment = site.environment.model_copy(update={"network": network})
    return replace(installed, site=replace(site, environment=environment))


def _with_domain(installed: Installation, domain: str) -> Installation:
    environment = installed.site.environment.model_copy(update={"domain": domain})
    return replace(installed, site=replace(installed.site, environment=environment))


def _refused(installed: Installation) -> list[str]:
    with pytest.raises(ErrorList) as caught:
        refuse_cluster_upgrade(installed)
    assert caught.value.exit_code == 2
    return [f"{error.subject} {error.fact}" for error in caught.value.errors]


def test_the_release_that_runs_is_accepted(installation: Installation) -> None:
    """So is another revision of the same containerd: the distribution's security update."""
    refuse_cluster_upgrade(installation)
    refuse_cluster_upgrade(_with_containerd(installation, "1.6.20~ds1-1+deb12u4"))


def test_another_kubernetes_is_refused(installation: Installation) -> None:
    """The API server and every kubelet are named, with both versions."""
    running = installation.catalog.release.components["kubernetes"]
    lines = _refused(_with(installation, "kubernetes", "1.35.0"))
    assert [f"cp1 runs {running}", f"worker1 runs {running}", f"cp1 runs {running}"] == [
        line.partition("but ")[2] for line in lines
    ]
    assert all("has Kubernetes 1.35.0" in line for line in lines)


def test_another_etcd_is_refused(installation: Installation) -> None:
    """The static pod's image says what runs."""
    (line,) = _refused(_with(installation, "etcd", "3.7.0"))
    assert "has etcd 3.7.0, but cp1 runs " in line


def test_another_containerd_is_refused(installation: Installation) -> None:
    """Every node that runs the other one is named."""
    lines = _refused(_with_containerd(installation, "1.7.1~ds1-1"))
    assert ["has containerd 1.7.1, but cp1 runs 1.6.20" in line for line in lines] == [True, False]
    assert len(_refused(_with_containerd(installation, "1:1.6.2-1"))) == 2


def test_another_build_of_the_same_version_is_refused(installation: Installation) -> None:
    """Its tag is on the nodes already, so they would never fetch it; the digests of running pods tell."""
    versions = installation.catalog.release.components
    proxy = f"registry.k8s.io/kube-proxy:v{versions['kubernetes']}"
    etcd = f"registry.k8s.io/etcd:v{versions['etcd']}"
    refuse_cluster_upgrade(_with_builds(installation, proxy, etcd, sha256=OLD))
    first, second = _refused(_with_builds(installation, proxy, etcd))
    assert f"has another build of {etcd} than cp1, " in first
    assert f"has another build of {proxy} than cp1, worker1, " in second
    other = _with(_with_builds(installation, etcd), "etcd", "3.7.0")
    assert [line.partition("but ")[0] for line in _refused(other)] == [
        f"release {other.catalog.release.version} has etcd 3.7.0, "
    ]


def test_settings_that_a_cluster_keeps_for_life_are_refused(installation: Installation) -> None:
    """Ranges and domain are written into certificates, nodes and Services when the cluster is created."""
    assert _refused(_with_network(installation, pods="10.0.0.0/16")) == [
        "key network.pods gives 10.0.0.0/16, but the cluster was created with 198.18.128.0/17, and keeps it for life"
    ]
    assert _refused(_with_network(installation, services="10.1.0.0/16"))[0].startswith("key network.services gives")
    assert _refused(_with_domain(installation, "other.test"))[0].startswith("key domain gives api.other.test, but")


def test_a_node_that_is_not_the_sites_does_not_count(installation: Installation, tmp_path: Path) -> None:
    """A node that was taken out of hosts.yaml is not upgraded either."""
    hosts = tuple(host for host in installation.site.hosts if host.name != "worker1")
    less = replace(installation, site=replace(installation.site, hosts=hosts, folder=tmp_path))
    assert len(_refused(_with(less, "kubernetes", "1.35.0"))) == 2
