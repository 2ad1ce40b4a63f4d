"""Rules for tenants, quotas and the choices of notebook users."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from bedplate.config.environment_file import Quota, Size, TenantNamespace
from bedplate.core import quantity
from bedplate.core.errors import BedplateError
from bedplate.validate.context import ValidationContext, ValidationRule

KUBERNETES_OWN = frozenset({"default"})
PREFIXES = ("kube-", "bedplate-")


def check_names(context: ValidationContext) -> Iterator[BedplateError]:
    """Names of tenants and of namespaces are unique and do not belong to the platform."""
    tenants: dict[str, int] = {}
    namespaces: dict[str, str] = {}
    owned = KUBERNETES_OWN | context.platform_namespaces
    for index, tenant in enumerate(context.environment.tenants):
        at = ("tenants", index)
        if tenant.name in tenants:
            fact = f"is {tenant.name}, the name of tenants[{tenants[tenant.name]}]"
            yield context.error((*at, "name"), fact, "give each tenant its own name")
        tenants.setdefault(tenant.name, index)
        for number, namespace in enumerate(tenant.namespaces):
            where = (*at, "namespaces", number, "name")
            if namespace.name in namespaces:
                fact = f"is {namespace.name}, which tenant {namespaces[namespace.name]} already has"
                yield context.error(where, fact, "give each namespace its own name")
            namespaces.setdefault(namespace.name, tenant.name)
            if namespace.name in owned or namespace.name.startswith(PREFIXES):
                fact = f"is {namespace.name}, which belongs to the platform"
                yield context.error(where, fact, f"choose another name, such as {tenant.name}-work")


def check_owners_and_groups(context: ValidationContext) -> Iterator[BedplateError]:
    """Each tenant has an owner, and each role lists a group once."""
    for index, tenant in enumerate(context.environment.tenants):
        if not tenant.owner.strip():
            yield context.error(("tenants", index, "owner"), "is empty", "write who is responsible for the tenant")
        for role in ("admins", "users", "viewers"):
            groups = getattr(tenant.groups, role)
            for number, group in enumerate(groups):
                where = ("tenants", index, "groups", role, number)
                if not group.strip():
                    yield context.error(where, "is empty", "write the group's name, as the identity provider has it")
                elif group in groups[:number]:
                    yield context.error(where, f"is {group}, which is listed already", "delete it")


def check_notebook_choices(context: ValidationContext) -> Iterator[BedplateError]:
    """Notebook sizes and volumes are valid quantities, each listed once."""
    sizes, volumes = context.environment.notebooks.sizes, context.environment.notebooks.volumes
    for field, values in (("sizes", sizes), ("volumes", volumes)):
        if not values:
            yield context.error(("notebooks", field), "has no choice", "write at least one")
    for index, size in enumerate(sizes):
        if size.name in [other.name for other in sizes[:index]]:
            fact = f"is {size.name}, the name of another size"
            yield context.error(("notebooks", "sizes", index, "name"), fact, "give each size its own name")
    for index, volume in enumerate(volumes):
        where = ("notebooks", "volumes", index)
        if _amount(volume) is None:
            yield context.error(where, f"is {volume!r}, which is not a quantity", "write a quantity such as 10Gi")
        elif volume in volumes[:index]:
            yield context.error(where, f"is {volume}, which is listed already", "delete it")


def check_quotas_fit(context: ValidationContext) -> Iterator[BedplateError]:
    """Each notebook size fits into some namespace, and each namespace has room for a notebook."""
    sizes = context.environment.notebooks.sizes
    homes = list(_notebook_namespaces(context))
    if not homes or not sizes:
        return
    for index, size in enumerate(sizes):
        if not any(_fits(size, namespace.quota) for _, namespace in homes):
            fact = f"({size.name}: cpu {size.cpu}, memory {size.memory}) exceeds the quota of every namespace"
            yield context.error(("notebooks", "sizes", index), fact, "raise a tenant's quota, or reduce the size")
    for key_path, namespace in homes:
        quota = namespace.quota
        where = (*key_path, "quota") if "quota" in _keys(context, key_path) else key_path
        if not any(_fits(size, quota) for size in sizes):
            fact = f"of {namespace.name} (cpu {quota.cpu}, memory {quota.memory}) is below the smallest notebook size"
            yield context.error(where, fact, "raise it, or add a smaller size to notebooks.sizes")
        volumes = [
            amount for volume in context.environment.notebooks.volumes if (amount := _amount(volume)) is not None
        ]
        if volumes and min(volumes) > quantity.parse(quota.storage):
            fact = f"of {namespace.name} (storage {quota.storage}) is below the smallest notebook volume"
            yield context.error(where, fact, "raise it, or add a smaller volume to notebooks.volumes")


def _notebook_namespaces(context: ValidationContext) -> Iterator[tuple[tuple[str | int, ...], TenantNamespace]]:
    """Yield the key path and model of each namespace in which users may start notebooks."""
    for index, tenant in enumerate(context.environment.tenants):
        if any(chain(tenant.groups.users, tenant.groups.admins)):
            for number, namespace in enumerate(tenant.namespaces):
                yield ("tenants", index, "namespaces", number), namespace


def _fits(size: Size, quota: Quota) -> bool:
    return quantity.parse(size.cpu) <= quantity.parse(quota.cpu) and quantity.parse(size.memory) <= quantity.parse(
        quota.memory
    )


def _amount(text: str) -> int | None:
    try:
        return int(quantity.parse(text))
    except ValueError:
        return None


def _keys(context: ValidationContext, key_path: tuple[str | int, ...]) -> list[str]:
    value = context.file.data
    for part in key_path:
        value = value[part]  # type: ignore[index]  # lists and mappings, as the key path says
    return list(value)


RULES: tuple[ValidationRule, ...] = (check_names, check_owners_and_groups, check_notebook_choices, check_quotas_fit)
