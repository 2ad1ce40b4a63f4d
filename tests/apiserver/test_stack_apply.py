"""A layer's stack, applied by the release's own Pulumi to the release's own API server."""

from __future__ import annotations

import base64
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from bedplate.cluster import stack_state
from bedplate.cluster.pulumi_resources import FIELD_MANAGER
from bedplate.cluster.stack_name import StackName
from bedplate.core.errors import BedplateError
from bedplate.pki.secret_files import read_secret
from factories.api_server import ApiServer
from factories.killed_apply import pulumi_processes, run_killed_apply
from factories.shop_objects import cart, claim, definition, secret, service, settings
from factories.small_platform import LAYER, SECRET, SmallPlatform

Json = dict[str, Any]
MORE = '{"data": {"size": "large"}}'
"""A field that the release does not declare."""


def _all_kinds(shop: SmallPlatform) -> list[Json]:
    """Return one object of each kind; the definition of a kind comes after its object on purpose."""
    return [settings(shop), secret(shop), claim(shop), service(shop), cart(shop), definition(shop)]


def test_a_second_apply_reports_no_change(shop: SmallPlatform) -> None:
    """The first apply creates every object, each after those of lower ranks; the second changes nothing."""
    objects = _all_kinds(shop)
    first, second = shop.apply(*objects), shop.apply()
    assert first.operations["create"] > first.changed == len([*objects, "namespace"])
    assert second.changed == 0
    assert second.operations == {"same": first.total}
    needed = _needed(shop)
    assert needed["Cart"] >= {"ConfigMap", "Secret", "CustomResourceDefinition", "Namespace"}
    assert needed["ConfigMap"] == {"CustomResourceDefinition", "Namespace"}


def _needed(shop: SmallPlatform) -> dict[str, set[str]]:
    """Return the kinds whose objects come before those of each kind, directly or through others, as the state says."""
    found = stack_state.resources(stack_state.read_state(stack_state.state_file(shop.site, StackName(LAYER))))
    kinds = {one["urn"]: one["inputs"]["kind"] for one in found if "kind" in one.get("inputs", {})}
    direct = {one["urn"]: set(one.get("dependencies") or []) & kinds.keys() for one in found}

    def all_of(urn: str) -> set[str]:
        return direct[urn] | {other for one in direct[urn] for other in all_of(one)}

    return {kinds[urn]: {kinds[other] for other in all_of(urn)} for urn in kinds}


def test_fields_are_owned_by_the_manager_bedplate(shop: SmallPlatform) -> None:
    """Every object is sent with server-side apply under one manager's name, which owns what the release declares."""
    shop.apply(*_all_kinds(shop))
    names = ["configmap/settings", "secret/shop", "pvc/data", "service/web"]
    for name in [*names, f"carts.{shop.namespace}.bedplate.test/first"]:
        entries = shop.get(*name.split("/"))["metadata"]["managedFields"]
        assert {entry["manager"] for entry in entries if entry["operation"] == "Apply"} == {FIELD_MANAGER}, name
    (entry,) = shop.get("configmap", "settings")["metadata"]["managedFields"]
    assert entry["fieldsV1"]["f:data"] == {"f:color": {}}


@pytest.mark.parametrize("manager", ["kubectl-patch", "other"])
def test_the_release_wins_over_an_edit(manager: str, shop: SmallPlatform) -> None:
    """An apply restores a value that someone changed with any program, and keeps the object."""
    shop.apply(settings(shop))
    before = shop.get("configmap", "settings")["metadata"]["uid"]
    red = '{"data": {"color": "red"}}'
    shop.kubectl("patch", "configmap", "settings", "--patch", red, f"--field-manager={manager}")
    assert shop.apply().operations["update"] == 1
    after = shop.get("configmap", "settings")
    assert (after["data"], after["metadata"]["uid"]) == ({"color": "blue"}, before)


@pytest.mark.parametrize("manager", ["kubectl-patch", "other"])
def test_an_apply_keeps_fields_that_others_added(manager: str, shop: SmallPlatform) -> None:
    """An added field is no reason to update an object."""
    shop.apply(settings(shop))
    shop.kubectl("patch", "configmap", "settings", "--patch", MORE, f"--field-manager={manager}")
    assert shop.apply().changed == 0
    assert shop.get("configmap", "settings")["data"] == {"color": "blue", "size": "large"}


@pytest.mark.parametrize(("manager", "kept"), [("kubectl-patch", {}), ("other", {"size": "large"})])
def test_an_update_removes_fields_that_kubectl_added(manager: str, kept: dict[str, str], shop: SmallPlatform) -> None:
    """If the release changes an object, Pulumi takes over the fields of kubectl, but not those of other programs."""
    shop.apply(settings(shop))
    shop.kubectl("patch", "configmap", "settings", "--patch", MORE, f"--field-manager={manager}")
    shop.apply(settings(shop, color="green"))
    assert shop.get("configmap", "settings")["data"] == {"color": "green", **kept}


def test_other_managers_get_a_conflict(shop: SmallPlatform) -> None:
    """Another manager cannot apply a field of the release without force, and learns who owns it."""
    shop.apply(settings(shop))
    with pytest.raises(BedplateError, match=f'conflict with "{FIELD_MANAGER}"'):
        shop.kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=settings(shop, color="red"))
    assert shop.get("configmap", "settings")["data"] == {"color": "blue"}


def test_an_apply_restores_a_deleted_object(shop: SmallPlatform) -> None:
    """The next apply creates an object that someone deleted, and changes nothing else."""
    shop.apply(settings(shop), service(shop))
    shop.kubectl("delete", "configmap", "settings")
    assert shop.apply().changed == 1
    assert shop.get("configmap", "settings")["data"] == {"color": "blue"}


@pytest.mark.usefixtures("controllers")  # Pulumi deletes in the foreground: the garbage collector ends it
def test_an_object_that_the_release_drops_is_deleted(shop: SmallPlatform) -> None:
    """Objects that are no longer declared are deleted; namespaces, kinds and claims are kept with their data."""
    shop.apply(settings(shop), secret(shop), claim(shop), service(shop), definition(shop))
    shop.apply(service(shop))
    exists = {"configmap/settings": False, "secret/shop": False, "service/web": True, "pvc/data": True}
    exists |= {f"namespace/{shop.namespace}": True, f"crd/carts.{shop.namespace}.bedplate.test": True}
    assert {name: shop.has(*name.split("/")) for name in exists} == exists


def test_a_new_value_updates_the_object_in_place(shop: SmallPlatform) -> None:
    """ConfigMaps and Secrets are never replaced, so pods that read them do not lose them for a moment."""
    names = (("configmap", "settings"), ("secret", "shop"))
    shop.apply(settings(shop), secret(shop))
    before = [shop.get(*name)["metadata"]["uid"] for name in names]
    (shop.site.state / "secrets" / SECRET).write_text("another")
    assert shop.apply(settings(shop, color="green"), secret(shop)).operations["update"] == len(names)
    after = [shop.get(*name) for name in names]
    assert [one["metadata"]["uid"] for one in after] == before
    assert after[0]["data"] == {"color": "green"}
    assert base64.b64decode(after[1]["data"]["password"]) == b"another"


def test_a_secret_is_in_the_cluster_and_not_in_the_state(shop: SmallPlatform) -> None:
    """The cluster has the value from the bastion; no file of Pulumi has it in plain text."""
    shop.apply(secret(shop))
    value = read_secret(shop.site, SECRET)
    assert base64.b64decode(shop.get("secret", "shop")["data"]["password"]) == value
    files = [path for path in (shop.site.state / "pulumi").rglob("*") if path.is_file() and not path.is_symlink()]
    assert stack_state.state_file(shop.site, StackName(LAYER)) in files
    assert [path for path in files if _contains(path, value)] == []


def _contains(path: Path, value: bytes) -> bool:
    content = path.read_bytes()
    return value in content or base64.b64encode(value) in content


def test_an_object_that_the_server_refuses_is_named(shop: SmallPlatform) -> None:
    """The error names the object and the reason. After the release is fixed, the next apply succeeds."""
    with pytest.raises(BedplateError, match=rf"core/Service/{shop.namespace}/web: .*99999"):
        shop.apply(settings(shop), service(shop, port=99999))
    assert shop.has("configmap", "settings")
    shop.apply(settings(shop), service(shop))
    assert shop.has("service", "web")


def test_an_apply_that_was_killed_is_resumed(server: ApiServer, shop: SmallPlatform) -> None:
    """An apply is killed after its first change, and Pulumi ends with it. The next one breaks its lock, and resumes."""
    shop.declare(*_all_kinds(shop))
    assert run_killed_apply(server, shop) == -signal.SIGKILL
    deadline = time.monotonic() + 5
    while pulumi_processes(shop):
        assert time.monotonic() < deadline, pulumi_processes(shop)
        time.sleep(0.1)
    assert list((shop.site.state / "pulumi/.pulumi/locks").rglob("*.json"))
    assert shop.apply().changed
    assert shop.apply().changed == 0
    assert shop.has("service", "web")
