"""The tenant of the acceptance run, which every environment has: its servers and pods run here, and nowhere else.

It gets its objects from the same templates as the tenants of environment.yaml. So what holds in its namespaces holds
in theirs, and no department's quota, volumes or pods are touched.
"""

from __future__ import annotations

import math

from bedplate.config.environment_file import Environment, Quota, Tenant, TenantGroups, TenantNamespace
from bedplate.core import quantity

NAME = "bedplate-acceptance"
"""The tenant's name, and that of its namespace for the server and most pods."""
OTHER = f"{NAME}-other"
"""A second namespace, whose pods must not reach those of the first."""
GROUPS = TenantGroups(admins=[f"{NAME}-admins"], users=[NAME], viewers=[f"{NAME}-viewers"])
PODS, POD_CPU, POD_MEMORY = 8, quantity.parse("200m"), quantity.parse("128Mi")
"""How many pods besides the server there may be in a namespace, and the limits of each."""
GIBIBYTE = 1 << 30


def acceptance_tenant(environment: Environment) -> Tenant:
    """Return the tenant; its quota has room for the smallest server, and for a few small pods."""
    owner = "the acceptance run of Bedplate"
    namespaces = [TenantNamespace(name=name, quota=_quota(environment)) for name in (NAME, OTHER)]
    return Tenant(name=NAME, owner=owner, groups=GROUPS, namespaces=namespaces)


def every_tenant(environment: Environment) -> list[Tenant]:
    """Return the tenants of environment.yaml, and the acceptance run's."""
    return [*environment.tenants, acceptance_tenant(environment)]


def server_options(environment: Environment) -> dict[str, str]:
    """Return what the acceptance run's user chooses in the form: its namespace, the smallest server and volume."""
    choices = environment.notebooks
    size = min(choices.sizes, key=lambda one: (quantity.parse(one.cpu), quantity.parse(one.memory)))
    return {"namespace": NAME, "size": size.name, "volume": min(choices.volumes, key=quantity.parse)}


def _quota(environment: Environment) -> Quota:
    options = server_options(environment)
    size = next(one for one in environment.notebooks.sizes if one.name == options["size"])
    # Whole units: the API server writes 2000m as 2, and 1048576000 as 1048576k.
    cpu = math.ceil(quantity.parse(size.cpu) + PODS * POD_CPU)
    memory = math.ceil((quantity.parse(size.memory) + PODS * POD_MEMORY) / GIBIBYTE)
    return Quota(cpu=str(cpu), memory=f"{memory}Gi", storage=options["volume"], pods=PODS + 1)
