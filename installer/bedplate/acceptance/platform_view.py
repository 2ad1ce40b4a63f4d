"""The platform's own part of a cluster: what the release renders, apart from what users run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.cluster import kubeadm_pods
from bedplate.kube import object_id
from bedplate.render.canonical import COMPONENT_LABEL
from bedplate.render.rendered import RenderedObject

KUBEADM_WORKLOADS = {"DaemonSet": {f"{kubeadm_pods.NAMESPACE}/kube-proxy"}}
ENDED = {"Succeeded", "Failed"}


@dataclass(frozen=True, slots=True)
class PlatformView:
    """What the platform itself runs.

    Attributes:
        cluster: the cluster.
        rendered: the objects of the release for this environment.
        nodes: the names of the nodes that are tested.
    """

    cluster: ClusterClient
    rendered: Sequence[RenderedObject]
    nodes: Collection[str]

    @property
    def workloads(self) -> dict[str, set[str]]:
        """Return the names of the rendered workloads and of kubeadm's, ``namespace/name``, by kind."""
        found = {kind: {*names} for kind, names in KUBEADM_WORKLOADS.items()}
        for one in self.rendered:
            if object_id.pod_template(one.object) is not None:
                found.setdefault(one.identity.kind, set()).add(f"{one.identity.namespace}/{one.identity.name}")
        return found

    @property
    def namespaces(self) -> set[str]:
        """Return the namespaces of the workloads."""
        return {name.partition("/")[0] for names in self.workloads.values() for name in names}

    def pods(self) -> list[dict[str, Any]]:
        """Return the pods of the platform on tested nodes, or on none yet; those that ended or end are left out."""
        found = [pod for name in sorted(self.namespaces) for pod in self.cluster.items("pods", name, COMPONENT_LABEL)]
        found += [
            pod for label in kubeadm_pods.LABELS for pod in self.cluster.items("pods", kubeadm_pods.NAMESPACE, label)
        ]
        return [pod for pod in found if self._counts(pod)]

    def _counts(self, pod: dict[str, Any]) -> bool:
        node = pod["spec"].get("nodeName", "")
        ends = "deletionTimestamp" in pod["metadata"] or pod["status"].get("phase") in ENDED
        return not ends and (not node or node in self.nodes)
