"""Rendered objects as Pulumi resources, declared to Pulumi's own mock of its engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from bedplate.cluster import pulumi_resources, stack_secrets
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.core import paths
from bedplate.pki.secret_files import ensure_secrets
from bedplate.render import layer_order, objects
from bedplate.render.rendered import RenderedObject
from factories.render_site import make_site


class ResourceRecorder(pulumi.runtime.Mocks):
    """A mock of Pulumi's engine that records the declared resources in order."""

    def __init__(self) -> None:
        """Start with no resources."""
        self.declared: dict[str, pulumi.runtime.MockResourceArgs] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """Record a resource."""
        self.declared[args.name] = args
        return args.name, args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """Fail: declaring objects calls no function of a provider."""
        raise AssertionError(args)


@pytest.fixture(scope="module")
def site_with_secrets(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Iterator[Site]:
    """Return a site whose secrets were generated."""
    folder = tmp_path_factory.mktemp("secrets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "STATE", folder / "state")
        site = make_site(folder)
        ensure_secrets(site, catalog.components.values())
        yield site


def declared(site: Site, rendered: list[RenderedObject], layer: str) -> ResourceRecorder:
    """Return the resources that are declared for a layer."""
    recorder = ResourceRecorder()
    pulumi.runtime.set_mocks(recorder, project=f"bedplate-{layer}", stack=site.environment.name, preview=False)
    secrets = pulumi_resources.secrets_of(rendered)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        pulumi_resources.declare(site, objects.objects_of_layer(rendered, layer), secrets)

    program()
    return recorder


@pytest.fixture(scope="module")
def foundation(site_with_secrets: Site, rendered: list[RenderedObject]) -> ResourceRecorder:
    """Return the resources of the layer foundation."""
    return declared(site_with_secrets, rendered, "foundation")


@pytest.mark.parametrize("layer", layer_order.layer_names())
def test_one_resource_per_object(site_with_secrets: Site, rendered: list[RenderedObject], layer: str) -> None:
    """Every object becomes one resource named after its identity, next to the provider."""
    recorder = declared(site_with_secrets, rendered, layer)
    names = {str(one.identity) for one in objects.objects_of_layer(rendered, layer)}
    assert set(recorder.declared) == {*names, "cluster"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("core/Namespace/-/fraud", "kubernetes:core/v1:Namespace"),
        ("core/ConfigMap/kube-system/coredns", "kubernetes:core/v1:ConfigMap"),
        ("apps/Deployment/kube-system/coredns", "kubernetes:apps/v1:Deployment"),
        (
            "rbac.authorization.k8s.io/ClusterRole/-/bedplate:coredns",
            "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
        ),
        (
            "apiregistration.k8s.io/APIService/-/v1beta1.metrics.k8s.io",
            "kubernetes:apiregistration.k8s.io/v1:APIService",
        ),
    ],
)
def test_names_and_types(foundation: ResourceRecorder, name: str, kind: str) -> None:
    """Names are `<group>/<kind>/<namespace>/<name>`, types are Pulumi's for the object's group and version."""
    assert foundation.declared[name].typ == kind


def test_every_object_is_sent_to_the_environments_cluster(
    foundation: ResourceRecorder, site_with_secrets: Site
) -> None:
    """One provider, with server-side apply and changes in place, has the path of the kubeconfig, not its content."""
    assert foundation.declared["cluster"].inputs == {
        "kubeconfig": str(site_with_secrets.state / "pki/admin.conf"),
        "clusterIdentifier": "render-test",
        "enableServerSideApply": "true",
        "enableConfigMapMutable": "true",
        "enableSecretMutable": "true",
        "suppressDeprecationWarnings": "true",
    }
    providers = {name: one.provider for name, one in foundation.declared.items() if name != "cluster"}
    assert all(provider and "::cluster::" in provider for provider in providers.values())


@pytest.mark.parametrize(
    ("name", "skips"),
    [
        ("core/Service/kube-system/kube-dns", True),
        ("apiregistration.k8s.io/APIService/-/v1beta1.metrics.k8s.io", True),
        ("apps/DaemonSet/kube-system/kube-router", True),
        ("apps/Deployment/kube-system/coredns", False),
        ("core/ConfigMap/kube-system/coredns", False),
    ],
)
def test_what_pulumi_does_not_wait_for(foundation: ResourceRecorder, name: str, *, skips: bool) -> None:
    """Pulumi waits neither for what workloads make ready nor for DaemonSets; every object has one field manager."""
    annotations = foundation.declared[name].inputs["metadata"]["annotations"]
    assert annotations.get("pulumi.com/skipAwait") == ("true" if skips else None)
    assert annotations["pulumi.com/patchFieldManager"] == pulumi_resources.FIELD_MANAGER


def test_secrets_are_read_only_when_resources_are_declared(
    foundation: ResourceRecorder, site_with_secrets: Site
) -> None:
    """A Secret's values come from files on the bastion; its pods have an HMAC of them, not a digest."""
    inputs = foundation.declared["core/Secret/kube-system/metrics-server-tls"].inputs
    assert "stringData" not in inputs
    assert inputs["data"][pulumi.runtime.rpc._special_sig_key] == pulumi.runtime.rpc._special_secret_sig
    assert set(inputs["data"]["value"]) == {"tls.crt", "tls.key"}
    pods = foundation.declared["apps/Deployment/kube-system/metrics-server"].inputs["spec"]["template"]
    names = ["metrics-server-tls/tls.crt", "metrics-server-tls/tls.key"]
    assert pods["metadata"]["annotations"][pulumi_resources.SECRET_DIGEST] == stack_secrets.fingerprint(
        site_with_secrets, names
    )


def test_a_secret_with_no_restart_restarts_nothing(site_with_secrets: Site, rendered: list[RenderedObject]) -> None:
    """The hub reads the users file at each login: a new user changes the layer's key, but not the hub's pods."""
    hub = next(one for one in rendered if str(one.identity) == "apps/Deployment/notebooks/hub")
    read = {"hub": "hub/cookie-secret", "users": "hub-users/users.yaml"}
    before = {name: _pods_and_key(site_with_secrets, hub, rendered) for name in read}
    after = {}
    for name, reference in read.items():
        (site_with_secrets.state / "secrets" / reference).write_text(name)
        after[name] = _pods_and_key(site_with_secrets, hub, rendered)
    assert before["hub"][1] != after["hub"][1] != after["users"][1]
    assert before["hub"][0] != after["hub"][0] == after["users"][0]


def _pods_and_key(site: Site, one: RenderedObject, rendered: list[RenderedObject]) -> tuple[str, str]:
    pods = pulumi_resources.with_secret_digest(site, one, pulumi_resources.secrets_of(rendered))["spec"]["template"][
        "metadata"
    ]
    return pods["annotations"][pulumi_resources.SECRET_DIGEST], stack_secrets.layer_fingerprint(site, rendered)


def test_a_changed_secret_changes_the_fingerprint(site_with_secrets: Site, rendered: list[RenderedObject]) -> None:
    """A layer's fingerprint depends on its secrets' values, and differs between environments."""
    before = stack_secrets.layer_fingerprint(site_with_secrets, rendered)
    assert before == stack_secrets.layer_fingerprint(site_with_secrets, rendered)
    (site_with_secrets.state / "secrets/metrics-server-tls/tls.crt").write_text("other")
    assert stack_secrets.layer_fingerprint(site_with_secrets, rendered) != before
