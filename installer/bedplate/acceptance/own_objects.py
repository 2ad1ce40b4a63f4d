"""What an acceptance run creates: in namespaces of its own, named and labelled after the run, removed again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bedplate.acceptance.cluster_client import ClusterClient, wait
from bedplate.acceptance.own_pod import OwnPod, probe_pod
from bedplate.cluster import kubectl
from bedplate.config.acceptance_tenant import NAME, OTHER
from bedplate.core.errors import BedplateError
from bedplate.kube.conditions import is_ready

LABEL = "bedplate.dev/acceptance"
"""Label of all that a run creates; its value is the run's id."""
READY_SECONDS, DELETE_SECONDS, ACCOUNT_SECONDS = 180, 180, 60


@dataclass(frozen=True, slots=True)
class OwnObjects:
    """Creates and removes the objects of a run.

    Attributes:
        cluster: the cluster.
        run: the run's id.
    """

    cluster: ClusterClient
    run: str

    @property
    def open_namespace(self) -> str:
        """Return the name of the run's own namespace, which belongs to no tenant and has no network policies."""
        return f"{NAME}-{self.run}"

    def name(self, word: str) -> str:
        """Return the full name of one of the run's objects."""
        return f"acceptance-{word}-{self.run}"

    def create(self, item: dict[str, Any]) -> None:
        """Create an object with the run's label."""
        metadata = item["metadata"]
        labelled = {**item, "metadata": {**metadata, "labels": {**metadata.get("labels", {}), LABEL: self.run}}}
        self._kubectl("create", "-f", "-", stdin=labelled)

    def create_open_namespace(self) -> None:
        """Create the run's own namespace, and wait until pods can be created in it."""
        name, labels = self.open_namespace, {"pod-security.kubernetes.io/enforce": "restricted"}
        self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
        wait(lambda: bool(self.cluster.items("serviceaccounts", name)), f"namespace {name}", ACCOUNT_SECONDS)

    @contextmanager
    def pod(self, namespace: str, word: str, image: str) -> Iterator[OwnPod]:
        """Run a pod that accepts connections; yield it once it is ready, and delete it afterwards."""
        name = self.name(word)
        try:
            self.create(probe_pod(namespace, name, image))
            wait(lambda: is_ready(self.cluster.one("pod", name, namespace)), f"pod {namespace}/{name}", READY_SECONDS)
            found = self.cluster.one("pod", name, namespace)
            yield OwnPod(self.cluster, namespace, name, found["status"]["podIP"], found["spec"]["nodeName"])
        finally:
            self._delete("pods", name, "-n", namespace)

    def refusal(self, item: dict[str, Any], *, user: str = "", groups: Sequence[str] = ()) -> str:
        """Return why the API server would refuse an object; empty if it would admit it. Nothing is created.

        Args:
            item: the object.
            user: who creates it; empty: the platform's administrator.
            groups: the user's groups.
        """
        who = [f"--as={user}", *(f"--as-group={group}" for group in groups)] if user else []
        try:
            self._kubectl(*who, "create", "--dry-run=server", "-f", "-", stdin=item)
        except BedplateError as error:
            return error.fact
        return ""

    def remove_all(self) -> None:
        """Remove what this run and killed ones created, and all pods and volumes in the acceptance run's namespaces."""
        for namespace in (NAME, OTHER):
            self._delete("configmaps", "-l", LABEL, "-n", namespace)
            self._delete("pods,persistentvolumeclaims", "--all", "-n", namespace)
        left = [name for (name,) in self.cluster.columns("namespaces", ".metadata.name", selector=LABEL)]
        for name in left:
            if name.startswith(f"{NAME}-"):
                self._delete("pods", "--all", "-n", name)
                # Not awaited: Kubernetes ends no namespace while an API that a pod serves, such as metrics, is down.
                self._delete("namespaces", name, "--wait=false")

    def _delete(self, kind: str, *words: str) -> None:
        """Delete objects, if they exist; kubectl waits until they are gone, unless the words say otherwise."""
        options = ("--ignore-not-found", "--grace-period=1")
        kubectl.run(self.cluster.site, "delete", kind, *options, *words, timeout=DELETE_SECONDS)

    def _kubectl(self, *words: str, stdin: dict[str, Any]) -> None:
        kubectl.run(self.cluster.site, *words, stdin=json.dumps(stdin).encode())
