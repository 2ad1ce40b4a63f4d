"""The acceptance tests that only ask the API server, on one that has the whole release, and users who work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bedplate.acceptance import acceptance_report, runner
from bedplate.acceptance.acceptance_result import AcceptanceCheck
from bedplate.acceptance.cluster_client import wait
from bedplate.acceptance.failure_text import Redactor
from bedplate.acceptance.fixtures import Fixtures
from bedplate.acceptance.host_selection import HostSelection
from bedplate.acceptance.own_objects import LABEL
from bedplate.acceptance.recorder import Recorder
from bedplate.acceptance.safe_reports import SafeReports
from bedplate.apply.installation import Installation
from bedplate.cluster import kubectl
from bedplate.config.catalog import Catalog
from factories.acceptance_pytest import run_of, use_plain_assertions
from factories.api_server import ApiServer, running_api_server, running_controllers
from factories.api_site import api_site, apply_layers, installation
from factories.background_programs import BackgroundProgram
from factories.kube_proxy_program import KubeProxyProgram
from factories.pretended_bastion import install_programs
from factories.pretended_nodes import pretended_nodes
from factories.render_site import make_site
from factories.tenant_objects import SECURITY, binding

Json = dict[str, Any]
RUN = "1a2b3c4d"
PLANTED = "correct horse battery staple"
"""A token in a user's pod, which no pattern recognizes."""
TENANTS: list[Json] = [
    {
        "name": "ward",
        "owner": "ward@site.bedplate.test",
        "groups": {"admins": ["ward-leads"], "users": ["nurses"], "viewers": ["auditors"]},
        "namespaces": [{"name": "ward"}, {"name": "ward-tests", "podSecurity": "baseline"}],
    },
    {"name": "lab", "owner": "lab@site.bedplate.test", "namespaces": [{"name": "lab"}]},
]
ASKED = ("kubernetes", "tenants")
"""Components whose tests only ask the API server, but for those of NETWORKS."""
NETWORKS = "test_tenant_networks.py"
DAEMON_SECONDS, NOTICE_SECONDS = 120, 60


@pytest.fixture(scope="module")
def server(catalog: Catalog) -> Iterator[ApiServer]:
    """Run an API server for this file alone, because the tests read the whole cluster."""
    with running_api_server(catalog) as started:
        install_programs(started)
        yield started


@pytest.fixture(scope="module")
def controllers(server: ApiServer) -> Iterator[BackgroundProgram]:
    """Run its controllers."""
    with running_controllers(server) as started:
        yield started


@pytest.fixture(scope="module")
def applied(
    server: ApiServer, controllers: BackgroundProgram, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Apply the release; let users work, one node be down, and another be left from a host that was removed."""
    controllers.check()
    settings = {"name": "busy", "release": catalog.release.version, "tenants": TENANTS}
    installed = installation(api_site(server, tmp_path_factory.mktemp("site"), **settings))
    version = f"v{catalog.components['kubernetes'].version}"
    with pretended_nodes(server):
        apply_layers(installed)
        KubeProxyProgram(server, tmp_path_factory.mktemp("node")).call("repair")
        for name, ready in (("cp1", True), ("worker1", True), ("removed-host", False)):
            _create(installed, _node(name, version, ready=ready))
        for one in _users_objects():
            _create(installed, one)
        wait(lambda: _daemons_run(installed), "DaemonSets", DAEMON_SECONDS, "have no pods")
        # A department's administrator may give its viewers more rights.
        _create(installed, binding("ward", "edit", "auditors"))
        yield installed


def _daemons_run(installed: Installation) -> bool:
    """Return whether every DaemonSet has pods on the nodes, which exist only since the release was applied."""
    found = [item["status"] for item in kubectl.get(installed.site, "daemonsets", "-A")["items"]]
    return all(0 < status["desiredNumberScheduled"] == status["numberReady"] for status in found)


def _node(name: str, version: str, *, ready: bool) -> Json:
    conditions = [{"type": "Ready", "status": "True" if ready else "Unknown", "reason": "Pretended"}]
    status = {"conditions": conditions, "nodeInfo": {"kubeletVersion": version}}
    metadata = {"name": name, "labels": {"kubernetes.io/os": "linux"}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": status}


def _users_objects() -> list[Json]:
    """Return two users' servers, one of which waits, a workload without pods, and a volume that is never bound."""
    server = {"component": "singleuser-server"}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    template = {"metadata": {"labels": {"app": "own"}}, "spec": _pod_spec()}
    workload = {"replicas": 1, "selector": {"matchLabels": {"app": "own"}}, "template": template}
    items = [
        ("v1", "Pod", "ward", "notebook-ada", server, _pod_spec()),
        ("v1", "Pod", "ward", "notebook-grace", server, {**_pod_spec(), "nodeName": "removed-host"}),
        ("v1", "Pod", "lab", "notebook-acceptance", server, _pod_spec()),
        ("v1", "PersistentVolumeClaim", "ward", "data", {}, {**claim, "storageClassName": "none"}),
        ("apps/v1", "Deployment", "ward", "own", {}, workload),
    ]
    return [
        {
            "apiVersion": api,
            "kind": kind,
            "metadata": {"namespace": where, "name": name, "labels": labels},
            "spec": spec,
        }
        for api, kind, where, name, labels, spec in items
    ]


def _pod_spec() -> Json:
    variables = [{"name": "JUPYTERHUB_API_TOKEN", "value": PLANTED}, {"name": "NOTE", "value": PLANTED}]
    container = {"name": "notebook", "image": "other.test/image", "env": variables, "securityContext": SECURITY}
    return {"containers": [container]}


def _create(installed: Installation, item: Json) -> None:
    kubectl.run(installed.site, "create", "-f", "-", stdin=json.dumps(item).encode())
    if item["kind"] == "Node":
        patch = json.dumps({"status": item["status"]})
        kubectl.run(installed.site, "patch", "node", item["metadata"]["name"], "--subresource=status", "-p", patch)


def _verify(
    installed: Installation, folder: Path, patch: pytest.MonkeyPatch, components: tuple[str, ...] = ASKED
) -> dict[str, AcceptanceCheck]:
    """Run the acceptance tests, write their report, and return the checks by their ids."""
    use_plain_assertions(patch)
    files = {
        path: component
        for path, component in runner.find_tests(components).items()
        if component in components and path.name != NETWORKS
    }
    selection = HostSelection(installed.site.hosts, {}, ())
    redactor, recorder = Redactor(), Recorder(files, lambda _: None, lambda _: None)
    plugins = [SafeReports(files, redactor), Fixtures(installed, RUN, selection, redactor), recorder]
    runner.run_pytest(files, plugins, folder / "pytest.log", redactor)
    acceptance_report.write(run_of(*recorder.checks), folder)
    return {check.id: check for check in recorder.checks}


def _names(installed: Installation, *words: str) -> set[str]:
    items = kubectl.get(installed.site, *words)["items"]
    return {f"{one['kind']}/{one['metadata'].get('namespace', '')}/{one['metadata']['name']}" for one in items}


def test_users_who_work_make_nothing_red(
    applied: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With users' servers, workloads and volumes in every state, a node down and a host removed, every check passes."""
    before = _names(applied, "pods,deployments,persistentvolumeclaims,networkpolicies,namespaces", "-A")
    found = _verify(applied, tmp_path, monkeypatch)
    assert {name: check.detail for name, check in found.items() if check.outcome != "passed"} == {}
    assert len(found) >= 15
    assert found["kubernetes/every_node_is_ready"].facts == {"nodes_not_in_hosts_yaml": ["removed-host"]}
    assert _names(applied, "pods,deployments,persistentvolumeclaims,networkpolicies,namespaces", "-A") == before
    assert _names(applied, "namespaces,pods,configmaps", "-A", "-l", LABEL) == set()


@pytest.fixture
def other(applied: Installation) -> Installation:
    """Return an installation whose environment and release say something else of everything that the cluster has."""
    tenants = [{**one, "owner": "other", "namespaces": [{"name": f"{one['name']}-x"}]} for one in TENANTS]
    site = make_site(applied.site.folder, name="busy", release=applied.site.environment.release, tenants=tenants)
    return installation(site)


def test_failures_print_no_object(
    other: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """When nearly every check fails, tokens in users' pods are neither in the report and the log nor printed."""
    monkeypatch.setattr(HostSelection, "nodes", frozenset({"removed-host", "never-there"}))
    found = _verify(other, tmp_path, monkeypatch)
    failed = [name for name, check in found.items() if check.outcome == "failed"]
    assert len(failed) > 5, failed
    printed = capsys.readouterr()
    written = "".join(path.read_text() for path in tmp_path.iterdir() if path.is_file())
    assert PLANTED not in written + printed.out + printed.err
    assert "notebook-ada" not in written + printed.out + printed.err
    assert "JUPYTERHUB_API_TOKEN" not in written + printed.out + printed.err


GUARD = ("validatingadmissionpolicybinding", "bedplate-tenant-network-policies")
SAYS = "tenants/tenants_have_what_the_release_says"


@pytest.mark.parametrize(
    ("change", "undo", "failed"),
    [
        (("delete", "networkpolicy", "default-deny", "-n", "ward"), (), f"{SAYS}[network policies]"),
        (("delete", "rolebinding", "tenant-edit", "-n", "ward"), (), f"{SAYS}[rights]"),
        (("delete", *GUARD), (), "tenants/tenants_cannot_open_their_networks"),
        (
            ("create", "clusterrolebinding", "more", "--clusterrole=admin", "--group=nurses"),
            ("delete", "clusterrolebinding", "more"),
            "tenants/groups_have_their_rights_and_no_others",
        ),
        (
            ("create", "rolebinding", "more", "--clusterrole=view", "--group=nurses", "-n", "bedplate-acceptance"),
            ("delete", "rolebinding", "more", "-n", "bedplate-acceptance"),
            "tenants/groups_have_their_rights_and_no_others",
        ),
        (
            ("label", "namespace", "ward", "pod-security.kubernetes.io/enforce-"),
            ("label", "namespace", "ward", "pod-security.kubernetes.io/enforce=restricted"),
            "tenants/privileged_pods_are_refused",
        ),
    ],
    ids=["policy", "rights", "guard", "rights in the cluster", "rights elsewhere", "standard"],
)
def test_what_is_wrong_is_found(  # noqa: PLR0913, PLR0917  columns of the table, and fixtures
    change: tuple[str, ...],
    undo: tuple[str, ...],
    failed: str,
    applied: Installation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What isolates tenants is missing or wrong: a check fails that says so."""
    deleted = json.loads(kubectl.run(applied.site, "get", *change[1:], "-o", "json")) if not undo else {}
    kubectl.run(applied.site, *change)
    try:
        wait(lambda: _fails(applied, tmp_path, monkeypatch, failed), failed, NOTICE_SECONDS, "passes")
    finally:
        if undo:
            kubectl.run(applied.site, *undo)
        else:
            kept = {name: deleted["metadata"].get(name) for name in ("name", "namespace", "labels", "annotations")}
            _create(applied, {**deleted, "metadata": {name: value for name, value in kept.items() if value}})


def _fails(installed: Installation, folder: Path, patch: pytest.MonkeyPatch, name: str) -> bool:
    """Return whether a check fails; the API server notices a change of its guard after a moment."""
    return _verify(installed, folder, patch, components=("tenants",))[name].outcome == "failed"
