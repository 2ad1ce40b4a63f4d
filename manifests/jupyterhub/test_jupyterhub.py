import json
from pathlib import Path
from typing import Any

from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.acceptance.hub_client import HubUser, Notebook
from bedplate.config import users
from bedplate.config.environments import Site
from bedplate.core import quantity

TRAIN = """
import json, pathlib
import joblib
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

features, kinds = load_iris(return_X_y=True)
learn, test, learn_kinds, test_kinds = train_test_split(features, kinds, random_state=7)
model = RandomForestClassifier(n_estimators=50, random_state=7).fit(learn, learn_kinds)
joblib.dump(model, pathlib.Path.home() / "acceptance-model.joblib")
print(json.dumps(model.score(test, test_kinds)))
"""
PREDICT = """
import json, pathlib
import joblib

model = joblib.load(pathlib.Path.home() / "acceptance-model.joblib")
print(json.dumps(model.predict([[5.1, 3.5, 1.4, 0.2]]).tolist()))
"""


def test_wrong_password_is_refused(hub_address: str, authority: Path) -> None:
    """The login form refuses a wrong password."""
    user = HubUser(hub_address, authority, users.ACCEPTANCE)
    assert not user.login("wrong")
    user.close()


def test_the_server_is_what_was_chosen(notebook: Notebook, cluster: ClusterClient, site: Site) -> None:
    """A server has the namespace, CPU, memory and volume that its user chose, and no privileges."""
    notebook.ensure_running()
    namespace = notebook.options["namespace"]
    [pod] = _servers(cluster, namespace)
    [container] = pod["spec"]["containers"]
    size = next(size for size in site.environment.notebooks.sizes if size.name == notebook.options["size"])
    limits = container["resources"]["limits"]
    chosen = {"cpu": size.cpu, "memory": size.memory}
    assert _numbers({name: limits[name] for name in chosen}) == _numbers(chosen)
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    [claim] = [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod["spec"]["volumes"]
        if "persistentVolumeClaim" in volume
    ]
    requests = cluster.one("persistentvolumeclaim", claim, namespace)["spec"]["resources"]["requests"]
    assert requests == {"storage": notebook.options["volume"]}


def test_a_user_computes(notebook: Notebook, record_property: Any) -> None:
    """A cell in a user's kernel trains a scikit-learn model and writes it to a file."""
    notebook.ensure_running()
    score = json.loads(notebook.user.run_cell(TRAIN))
    record_property("accuracy", round(score, 3))
    assert score > 0.8


def test_a_namespace_of_others_is_refused(notebook: Notebook, cluster: ClusterClient, site: Site) -> None:
    """A user cannot start a server in a namespace outside their groups, even with a hand-made request."""
    notebook.ensure_stopped()
    for namespace in [*_others(site), "kube-system", "notebooks"]:
        response = notebook.user.request_start({"namespace": namespace})
        assert response.status_code == 403, f"{namespace}: {response.status_code} {response.text}"
        assert _servers(cluster, namespace) == []
    assert notebook.user.server() is None


def test_the_form_offers_what_groups_permit(hub_user: HubUser, notebook: Notebook, site: Site) -> None:
    """The form offers the namespaces of the user's groups, and no others."""
    notebook.ensure_stopped()
    page = hub_user.form()
    offered = {
        namespace.name: f'value="{namespace.name}"' in page
        for tenant in site.environment.tenants
        for namespace in tenant.namespaces
    }
    assert offered == {name: name in _permitted(site) for name in offered}


def test_files_stay(notebook: Notebook, cluster: ClusterClient) -> None:
    """After a server is stopped and started again, the user's file is there, and its model predicts."""
    notebook.ensure_stopped()
    assert _servers(cluster, notebook.options["namespace"]) == []
    notebook.ensure_running()
    assert json.loads(notebook.user.run_cell(PREDICT)) == [0]


def _servers(cluster: ClusterClient, namespace: str) -> list[dict[str, Any]]:
    return cluster.items("pods", namespace, "component=singleuser-server")


def _permitted(site: Site) -> set[str]:
    groups = set(site.environment.tenants[0].groups.users or site.environment.tenants[0].groups.admins)
    return {
        namespace.name
        for tenant in site.environment.tenants
        if groups & {*tenant.groups.admins, *tenant.groups.users}
        for namespace in tenant.namespaces
    }


def _others(site: Site) -> list[str]:
    everything = [namespace.name for tenant in site.environment.tenants for namespace in tenant.namespaces]
    return [name for name in everything if name not in _permitted(site)]


def _numbers(amounts: dict[str, str]) -> dict[str, float]:
    return {name: float(quantity.parse(str(amount))) for name, amount in amounts.items()}
