"""What killed acceptance runs left behind on the API server, and how the next run removes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bedplate.acceptance.cluster_client import ClusterClient, wait
from bedplate.acceptance.own_objects import LABEL, OwnObjects
from bedplate.cluster import kubectl
from bedplate.config.acceptance_tenant import NAME, OTHER
from bedplate.config.environments import Site
from factories.api_server import ApiServer
from factories.api_site import api_site
from factories.background_programs import BackgroundProgram

Json = dict[str, Any]
DEPARTMENT, GONE_SECONDS = "department", 60
LEFT = {LABEL: "0badcafe"}


def _object(kind: str, namespace: str, name: str, labels: dict[str, str] | None = None) -> Json:
    metadata = {"name": name, "labels": labels or {}} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata}


def _names(site: Site, kind: str) -> set[str]:
    items = kubectl.get(site, kind, "-A")["items"]
    return {f"{one['metadata'].get('namespace', '')}/{one['metadata']['name']}" for one in items}


@pytest.fixture
def site(server: ApiServer, controllers: BackgroundProgram, tmp_path: Path) -> Site:
    """Return an environment with the acceptance run's namespaces, one of a department, and what a run left."""
    controllers.check()
    found = api_site(server, tmp_path, name="leftovers")
    spaces = [_object("Namespace", "", name) for name in (NAME, OTHER, DEPARTMENT)]
    left = [_object("Namespace", "", name, LEFT) for name in (f"{NAME}-0badcafe", "labelled-by-someone")]
    maps = [_object("ConfigMap", place, "left", LEFT) for place in (NAME, OTHER, DEPARTMENT)]
    for one in [*spaces, *left, *maps, _object("ConfigMap", NAME, "of-the-site")]:
        kubectl.run(found, "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(one).encode())
    return found


def test_what_a_killed_run_left_is_removed(site: Site) -> None:
    """The run's namespace and labelled objects in the tenant's are removed; a label elsewhere has no effect."""
    OwnObjects(ClusterClient(site), "1a2b3c4d").remove_all()
    wait(lambda: f"/{NAME}-0badcafe" not in _names(site, "namespaces"), "the namespace", GONE_SECONDS, "is still there")
    assert {f"/{name}" for name in (NAME, OTHER, DEPARTMENT, "labelled-by-someone")} <= _names(site, "namespaces")
    maps = {name for name in _names(site, "configmaps") if not name.endswith("/kube-root-ca.crt")}
    assert {f"{DEPARTMENT}/left", f"{NAME}/of-the-site"} <= maps
    assert not maps & {f"{NAME}/left", f"{OTHER}/left"}
