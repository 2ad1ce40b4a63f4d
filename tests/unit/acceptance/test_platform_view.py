"""The platform's own part of a cluster, as `verify` sees it."""

from __future__ import annotations

from typing import Any, cast

from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.acceptance.platform_view import PlatformView


class _Cluster:
    """A cluster in which kubeadm has created its pods."""

    def items(self, kind: str, namespace: str = "", selector: str = "") -> list[dict[str, Any]]:
        names = {"tier=control-plane": "etcd-cp1", "k8s-app=kube-proxy": "kube-proxy-abcde"}
        assert (kind, namespace) == ("pods", "kube-system")
        found = [name for label, name in names.items() if label == selector]
        return [{"metadata": {"name": name}, "spec": {"nodeName": "cp1"}, "status": {}} for name in found]


def test_what_kubeadm_creates_is_the_platforms_too() -> None:
    """No release renders kube-proxy and the static pods, but a cluster without them is not whole."""
    view = PlatformView(cast("ClusterClient", _Cluster()), (), {"cp1"})
    assert [pod["metadata"]["name"] for pod in view.pods()] == ["etcd-cp1", "kube-proxy-abcde"]
    assert view.workloads == {"DaemonSet": {"kube-system/kube-proxy"}}
    assert PlatformView(cast("ClusterClient", _Cluster()), (), {"worker1"}).pods() == []
