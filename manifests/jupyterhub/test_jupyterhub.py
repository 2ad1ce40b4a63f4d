import json
from pathlib import Path
from typing import Any

import httpx

from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.acceptance.host_answers import listed
from bedplate.acceptance.hub_client import HubUser
from bedplate.acceptance.notebook import Notebook
from bedplate.config import acceptance_tenant, users
from bedplate.config.environments import Site
from bedplate.core import quantity

LEAST_SCORE = 0.8
SAMPLE = 10
"""How many departments' namespaces are tried."""
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
    """The login form refuses a wrong password, and says so."""
    user = HubUser(hub_address, authority, users.ACCEPTANCE)
    try:
        assert user.is_refused("wrong"), "the hub did not answer that the password is wrong"
        assert not user.login("wrong"), "the hub accepted a wrong password"
    finally:
        user.close()


def test_the_server_is_what_was_chosen(notebook: Notebook, cluster: ClusterClient, site: Site) -> None:
    """A server has the namespace, CPU, memory and volume that its user chose, and no privileges."""
    notebook.ensure_running()
    pod = notebook.pod(cluster)
    container = pod["spec"]["containers"][0]
    size = next(size for size in site.environment.notebooks.sizes if size.name == notebook.options["size"])
    limits = {name: quantity.parse(str(container["resources"]["limits"][name])) for name in ("cpu", "memory")}
    for name, wanted in (("cpu", size.cpu), ("memory", size.memory)):
        assert limits[name] == quantity.parse(wanted), f"{name} is {limits[name]} instead of {wanted}"
    capabilities = container["securityContext"]["capabilities"]
    assert capabilities == {"drop": ["ALL"]}, f"the server's capabilities are {capabilities}"
    claims = [volume["persistentVolumeClaim"] for volume in pod["spec"]["volumes"] if "persistentVolumeClaim" in volume]
    assert len(claims) == 1, f"the server has {len(claims)} volumes"
    claim = cluster.one("persistentvolumeclaim", claims[0]["claimName"], notebook.options["namespace"])
    storage = claim["spec"]["resources"]["requests"]["storage"]
    assert storage == notebook.options["volume"], f"the volume has {storage}"


def test_a_user_computes(notebook: Notebook, record_property: Any) -> None:
    """A cell in a user's kernel trains a scikit-learn model and writes it to a file."""
    notebook.ensure_running()
    score = json.loads(notebook.user.run_cell(TRAIN))
    record_property("accuracy", round(score, 3))
    assert score > LEAST_SCORE, f"the model's accuracy is {score:.3f}"


def test_a_namespace_of_others_is_refused(notebook: Notebook, cluster: ClusterClient, site: Site) -> None:
    """A user cannot start a server in a namespace outside their groups, even with a hand-made request."""
    notebook.ensure_stopped()
    departments = [namespace.name for tenant in site.environment.tenants for namespace in tenant.namespaces]
    for namespace in [*departments[:SAMPLE], "kube-system", "notebooks"]:
        status = notebook.user.request_start({"namespace": namespace}).status_code
        assert status == httpx.codes.FORBIDDEN, f"{namespace}: the hub answered {status}"
    assert notebook.user.server() is None, "the hub has started a server"
    started = notebook.pods_anywhere(cluster)
    assert not started, listed(started)


def test_the_form_offers_what_groups_permit(hub_user: HubUser, notebook: Notebook, site: Site) -> None:
    """The form offers the namespaces of the user's groups, and no others."""
    notebook.ensure_stopped()
    page = hub_user.form()
    tenants = acceptance_tenant.every_tenant(site.environment)
    names = {namespace.name for tenant in tenants for namespace in tenant.namespaces}
    offered = {name for name in names if f'value="{name}"' in page}
    wrong = offered ^ {acceptance_tenant.NAME, acceptance_tenant.OTHER}
    assert not wrong, listed({name: "is offered" if name in offered else "is not offered" for name in sorted(wrong)})


def test_files_stay(notebook: Notebook, cluster: ClusterClient) -> None:
    """After a server is stopped and started again, the user's file is there, and its model predicts."""
    notebook.ensure_stopped()
    left = notebook.pods_anywhere(cluster)
    assert not left, listed(left)
    notebook.ensure_running()
    predicted = json.loads(notebook.user.run_cell(PREDICT))
    assert predicted == [0], f"the model predicts {predicted}"
