"""A release of one component whose objects come from a test, applied to the API server as the installer does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from bedplate.apply.installation import Installation
from bedplate.cluster import kubectl, pulumi_stack
from bedplate.cluster.pulumi_stack import UpResult
from bedplate.drift.drift_difference import Drift
from bedplate.drift.read_drift import read_drift
from factories import api_site
from factories.api_server import ApiServer

VERSION, COMPONENT, LAYER = "2026.1.0", "shop", "foundation"
RELEASE = (
    f"version: {VERSION}\ntoolchain: {{go: '1', node: '1'}}\nepoch: 1793491200\ncomponents: {{{COMPONENT}: '1'}}\n"
)
SECRET = f"{COMPONENT}/password"
"""A value that is generated on the bastion."""

Json = dict[str, Any]


class SmallPlatform:
    """An environment with a namespace of its own, and its release.

    Attributes:
        namespace: the component's namespace, which no other test on this API server uses.
        site: the environment, named after the namespace.
    """

    def __init__(self, server: ApiServer, folder: Path, namespace: str) -> None:
        """Create it in a folder, which has to be listed in $BEDPLATE_TREES."""
        self.namespace = namespace
        self._component = folder / "manifests" / COMPONENT
        for path, text in {
            folder / "releases" / VERSION / "release.yaml": RELEASE,
            self._component / "component.yaml": yaml.safe_dump(self._description()),
        }.items():
            path.parent.mkdir(parents=True)
            path.write_text(text)
        self.site = api_site.api_site(server, folder / "environment", name=namespace, release=VERSION)

    def _description(self) -> Json:
        name, key = SECRET.split("/")
        fields = {"name": COMPONENT, "summary": "Sells", "layer": LAYER, "namespace": self.namespace}
        return {**fields, "secrets": [{"name": name, "key": key}]}

    def object(self, kind: str, name: str, content: Json | None = None, *, api: str = "v1") -> Json:
        """Return an object in the component's namespace."""
        metadata = {"name": name, "namespace": self.namespace}
        return {"apiVersion": api, "kind": kind, "metadata": metadata, **(content or {})}

    def declare(self, *objects: Json) -> Installation:
        """Let the release consist of these objects and the namespace; return its installation."""
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}
        (self._component / "objects.yaml.j2").write_text(yaml.safe_dump_all([namespace, *objects]))
        return self.installation()

    def installation(self) -> Installation:
        """Return the installation of the release as it is now."""
        return api_site.installation(self.site)

    def apply(self, *objects: Json) -> UpResult:
        """Apply the release.

        Args:
            objects: the release's objects from now on; without any, they stay the same.
        """
        installed = self.declare(*objects) if objects else self.installation()
        return pulumi_stack.up(self.site, api_site.whole_layer(installed, LAYER), say=lambda _: None)

    def drift(self) -> Drift:
        """Return the drift, without the objects of other tests on the same API server."""
        found = read_drift(self.installation(), with_hosts=False)
        own = (one for one in found.objects if self.namespace in (one.identity.namespace, one.identity.name))
        return replace(found, objects=tuple(own))

    def kubectl(self, *words: str, stdin: Json | None = None) -> str:
        """Run kubectl in the namespace, with the administrator's rights, and return its output."""
        content = json.dumps(stdin).encode() if stdin else None
        return kubectl.run(self.site, "--namespace", self.namespace, *words, stdin=content).decode()

    def get(self, kind: str, name: str) -> Json:
        """Return an object with its managedFields."""
        found: Json = kubectl.get(self.site, kind, name, "--namespace", self.namespace, "--show-managed-fields")
        return found

    def has(self, kind: str, name: str) -> bool:
        """Return whether an object exists and is not being deleted."""
        text = self.kubectl("get", kind, name, "--ignore-not-found", "--output", "json")
        return bool(text) and "deletionTimestamp" not in json.loads(text)["metadata"]
