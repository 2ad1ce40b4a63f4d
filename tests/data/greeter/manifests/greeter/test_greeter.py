from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.config.environments import Site


def test_it_greets(cluster: ClusterClient) -> None:
    """The greeter greets the name in the request."""
    assert cluster.raw("/api/v1/namespaces/greeter/services/greeter:http/proxy/world").startswith("hello world from ")


def test_every_tenant_has_a_greeting(cluster: ClusterClient, site: Site) -> None:
    """Every tenant's namespace has the greeting that was rendered for it."""
    for tenant in site.environment.tenants:
        for namespace in tenant.namespaces:
            assert cluster.one("configmap", "greeting", namespace.name)["data"] == {"greeting": f"hello {tenant.name}"}
