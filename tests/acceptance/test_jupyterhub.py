import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bedplate import identity, quantity
from bedplate.acceptance.cluster import Cluster
from bedplate.acceptance.hub import HubUser
from bedplate.environments import Site
from bedplate.model.environment import Tenant

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


@pytest.fixture
def tenant(site: Site) -> Tenant:
    """Return the first tenant, whose groups the acceptance run's user has."""
    if not site.environment.tenants:
        pytest.skip("environment.yaml has no tenants, so nobody may start a server")
    return site.environment.tenants[0]


@pytest.fixture
def options(site: Site, tenant: Tenant) -> dict[str, str]:
    """Return what the user chooses: the tenant's last namespace, the first size and volume."""
    notebooks = site.environment.notebooks
    return {"namespace": tenant.namespaces[-1].name, "size": notebooks.sizes[0].name, "volume": notebooks.volumes[0]}


@pytest.fixture
def session(hub_user: HubUser) -> Iterator[HubUser]:
    """Return the user with an API token and no server; what he started is stopped afterwards."""
    hub_user.take_token()
    if hub_user.server():
        hub_user.stop()
    yield hub_user
    if hub_user.server():
        hub_user.stop()


def test_wrong_password_is_refused(hub_address: str, authority: Path) -> None:
    """The login form refuses a wrong password."""
    user = HubUser(hub_address, authority, identity.ACCEPTANCE)
    assert not user.login("wrong")
    user.close()


def test_the_form_offers_what_groups_permit(hub_user: HubUser, site: Site) -> None:
    """The form offers the namespaces of the user's groups, and no other."""
    page = hub_user.form()
    offered = {
        one.name: f'value="{one.name}"' in page for tenant in site.environment.tenants for one in tenant.namespaces
    }
    assert offered == {name: name in _permitted(site) for name in offered}


def test_a_namespace_of_others_is_refused(session: HubUser, site: Site) -> None:
    """A user cannot start a server in a namespace outside his groups, whatever he sends."""
    for namespace in [*_others(site), "kube-system", "notebooks"]:
        answer = session.ask_start({"namespace": namespace})
        assert answer.status_code == 403, f"{namespace}: {answer.status_code} {answer.text}"
    assert session.server() is None


def test_a_user_computes_and_his_files_stay(
    session: HubUser, cluster: Cluster, options: dict[str, str], record_property: Any
) -> None:
    """A user's server trains a scikit-learn model; stopped and started again, it still has the file."""
    session.start(options)
    score = json.loads(session.run_cell(TRAIN))
    record_property("accuracy", round(score, 3))
    assert score > 0.8
    session.stop()
    assert _servers(cluster, options["namespace"]) == []
    session.start(options)
    assert json.loads(session.run_cell(PREDICT)) == [0]


def test_the_server_is_what_was_chosen(session: HubUser, cluster: Cluster, site: Site, options: dict[str, str]) -> None:
    """A server runs in the namespace, with the CPU, memory and volume that the user picked, without privileges."""
    session.start(options)
    [pod] = _servers(cluster, options["namespace"])
    size = site.environment.notebooks.sizes[0]
    [container] = pod["spec"]["containers"]
    assert _numbers(container["resources"]["limits"]) == _numbers({"cpu": size.cpu, "memory": size.memory})
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    [claim] = [
        one["persistentVolumeClaim"]["claimName"] for one in pod["spec"]["volumes"] if "persistentVolumeClaim" in one
    ]
    asked = cluster.one("persistentvolumeclaim", claim, options["namespace"])["spec"]["resources"]["requests"]
    assert asked == {"storage": options["volume"]}


def _servers(cluster: Cluster, namespace: str) -> list[dict[str, Any]]:
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
