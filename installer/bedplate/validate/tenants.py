"""Rules about tenants, quotas and what notebook users may choose."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from bedplate.config.environment_file import Quota, Size, TenantNamespace
from bedplate.core import quantity
from bedplate.core.errors import BedplateError
from bedplate.validate.context import ValidationContext, ValidationRule

KUBERNETES_OWN = frozenset({"default"})
PREFIXES = ("kube-", "bedplate-")


def names(case: ValidationContext) -> Iterator[BedplateError]:
    """Tenants and namespaces have names of their own."""
    tenants: dict[str, int] = {}
    namespaces: dict[str, str] = {}
    for index, tenant in enumerate(case.environment.tenants):
        at = ("tenants", index)
        if tenant.name in tenants:
            fact = f"is {tenant.name}, the name of tenants[{tenants[tenant.name]}] too"
            yield case.error((*at, "name"), fact, "give each tenant its own name")
        tenants.setdefault(tenant.name, index)
        for number, namespace in enumerate(tenant.namespaces):
            where = (*at, "namespaces", number, "name")
            if namespace.name in namespaces:
                fact = f"is {namespace.name}, which tenant {namespaces[namespace.name]} has already"
                yield case.error(where, fact, "give each namespace its own name")
            namespaces.setdefault(namespace.name, tenant.name)
            if namespace.name in KUBERNETES_OWN or namespace.name.startswith(PREFIXES):
                fact = f"is {namespace.name}, which belongs to the platform"
                yield case.error(where, fact, f"choose a name of the department's own, such as {tenant.name}-work")


def owners(case: ValidationContext) -> Iterator[BedplateError]:
    """Somebody answers for each tenant, and each group stands once in a role."""
    for index, tenant in enumerate(case.environment.tenants):
        if not tenant.owner.strip():
            yield case.error(("tenants", index, "owner"), "is empty", "write who answers for the tenant")
        for role in ("admins", "users", "viewers"):
            groups = getattr(tenant.groups, role)
            for number, group in enumerate(groups):
                where = ("tenants", index, "groups", role, number)
                if not group.strip():
                    yield case.error(where, "is empty", "write the group's name at the identity provider")
                elif group in groups[:number]:
                    yield case.error(where, f"is {group}, which stands there already", "delete it")


def choices(case: ValidationContext) -> Iterator[BedplateError]:
    """Sizes and volumes are quantities above zero, each once."""
    sizes, volumes = case.environment.notebooks.sizes, case.environment.notebooks.volumes
    for field, values in (("sizes", sizes), ("volumes", volumes)):
        if not values:
            yield case.error(("notebooks", field), "has no choice", "write at least one")
    for index, size in enumerate(sizes):
        if size.name in [other.name for other in sizes[:index]]:
            fact = f"is {size.name}, the name of another size"
            yield case.error(("notebooks", "sizes", index, "name"), fact, "give each size its own name")
    for index, volume in enumerate(volumes):
        where = ("notebooks", "volumes", index)
        if _amount(volume) is None:
            yield case.error(where, f"is {volume!r}, which is not a quantity", "such as 10Gi")
        elif volume in volumes[:index]:
            yield case.error(where, f"is {volume}, which stands there already", "delete it")


def room(case: ValidationContext) -> Iterator[BedplateError]:
    """Every choice fits into some namespace, and every namespace has room for some choice."""
    sizes = case.environment.notebooks.sizes
    homes = list(_notebook_namespaces(case))
    if not homes or not sizes:
        return
    for index, size in enumerate(sizes):
        if not any(_fits(size, namespace.quota) for _, namespace in homes):
            fact = f"({size.name}: cpu {size.cpu}, memory {size.memory}) is more than every namespace's quota"
            yield case.error(("notebooks", "sizes", index), fact, "raise a tenant's quota, or make the size smaller")
    for key_path, namespace in homes:
        quota = namespace.quota
        where = (*key_path, "quota") if "quota" in _keys(case, key_path) else key_path
        if not any(_fits(size, quota) for size in sizes):
            fact = f"of {namespace.name} (cpu {quota.cpu}, memory {quota.memory}) is below the smallest notebook size"
            yield case.error(where, fact, "raise it, or add a smaller size to notebooks.sizes")
        volumes = [amount for volume in case.environment.notebooks.volumes if (amount := _amount(volume)) is not None]
        if volumes and min(volumes) > quantity.parse(quota.storage):
            fact = f"of {namespace.name} (storage {quota.storage}) is below the smallest notebook volume"
            yield case.error(where, fact, "raise it, or add a smaller volume to notebooks.volumes")


def _notebook_namespaces(case: ValidationContext) -> Iterator[tuple[tuple[str | int, ...], TenantNamespace]]:
    """Return the namespaces in which somebody may start notebooks."""
    for index, tenant in enumerate(case.environment.tenants):
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


def _keys(case: ValidationContext, key_path: tuple[str | int, ...]) -> list[str]:
    value = case.file.data
    for part in key_path:
        value = value[part]  # type: ignore[index]  # lists and mappings, as the location says
    return list(value)


RULES: tuple[ValidationRule, ...] = (names, owners, choices, room)
