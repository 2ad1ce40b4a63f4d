"""The hub's own code, as it is put into its image (manifests/jupyterhub/hub)."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from bedplate.artifacts.load_release import load_release
from bedplate.config import users
from bedplate.config.users import Account, Accounts
from bedplate.core import paths

SETTINGS = {
    "tenants": [
        {"name": "physics", "groups": ["heads", "physicists"], "namespaces": ["physics", "physics-dev"]},
        {"name": "biology", "groups": ["biologists"], "namespaces": ["biology"]},
    ],
    "sizes": [
        {"name": "small", "cpu": "500m", "memory": "1Gi", "idle": "12h"},
        {"name": "large", "cpu": "2", "memory": "4Gi", "idle": "2h"},
    ],
    "volumes": ["2Gi", "10Gi"],
}


def hub_module(name: str) -> ModuleType:
    """Return a module of the hub's image."""
    folder = str(paths.SOURCE / "manifests/jupyterhub/hub")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(f"bedplate_hub.{name}")


choices = hub_module("choices")
idle = hub_module("idle")
providers = hub_module("providers")


@pytest.fixture
def offered(tmp_path: Path) -> object:
    """Return the choices that SETTINGS offer."""
    (tmp_path / "settings.yaml").write_text(yaml.safe_dump(SETTINGS))
    return choices.load(tmp_path / "settings.yaml")


@pytest.mark.parametrize(
    ("groups", "namespaces"),
    [
        (["physicists"], ["physics", "physics-dev"]),
        (["heads", "biologists"], ["physics", "physics-dev", "biology"]),
        (["strangers"], []),
        ([], []),
    ],
)
def test_groups_permit_namespaces(offered: object, groups: list[str], namespaces: list[str]) -> None:
    """The groups of a user decide the namespaces, in the environment's order."""
    assert list(offered.permitted(groups)) == namespaces  # type: ignore[attr-defined]


def test_a_choice_becomes_numbers(offered: object) -> None:
    """A permitted choice gives namespace, tenant, CPU, memory and volume; what is left out is the first."""
    choice = offered.resolve({"namespace": "physics-dev", "size": "large"}, ["physicists"])  # type: ignore[attr-defined]
    assert (choice.namespace, choice.tenant, choice.cpu, choice.memory, choice.volume, choice.idle) == (
        "physics-dev", "physics", 2.0, 4 * 2**30, "2Gi", 7200,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seconds", "look", "linger"),
    [
        ("90s", 90, 90, 90),
        ("5m", 300, 300, 300),
        ("1h", 3600, 300, 3600),
        ("12h", 43200, 300, 3600),
        ("2d", 172800, 300, 3600),
        ("1w", 604800, 300, 3600),
        ("1y", 31536000, 300, 3600),
    ],
)
def test_an_idle_server_stops(text: str, seconds: int, look: int, linger: int) -> None:
    """Kernels and terminals stop after the idle time, also under an open tab, and the server within an hour of them."""
    assert choices.seconds(text) == seconds
    assert sorted(idle.arguments(seconds)) == [
        "--MappingKernelManager.cull_connected=True",
        f"--MappingKernelManager.cull_idle_timeout={seconds}",
        f"--MappingKernelManager.cull_interval={look}",
        f"--ServerApp.shutdown_no_activity_timeout={linger}",
        f"--TerminalManager.cull_inactive_timeout={seconds}",
        f"--TerminalManager.cull_interval={look}",
    ]


@pytest.mark.parametrize(
    ("options", "groups", "status", "text"),
    [
        ({"namespace": "biology"}, ["physicists"], 403, "'biology'"),
        ({"namespace": "kube-system"}, ["physicists"], 403, "'kube-system'"),
        ({"namespace": ["physics"]}, ["strangers"], 403, "your groups"),
        ({}, [], 403, "your groups"),
        ({"size": "giant"}, ["physicists"], 400, "Size 'giant' is not offered. Choose one of: small, large."),
        ({"volume": "2Ti"}, ["physicists"], 400, "Volume '2Ti' is not offered. Choose one of: 2Gi, 10Gi."),
    ],
)
def test_other_choices_are_refused(
    offered: object, options: dict[str, str], groups: list[str], status: int, text: str
) -> None:
    """A namespace outside the user's groups is forbidden; a size or volume that is not offered does not exist."""
    with pytest.raises(choices.RefusedError) as refused:
        offered.resolve(options, groups)  # type: ignore[attr-defined]
    assert refused.value.status == status
    assert text in refused.value.message


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("500m", 0.5), ("2", 2), ("1.5", 1.5),
        ("3k", 3e3), ("4M", 4e6), ("2G", 2e9), ("5T", 5e12), ("6P", 6e15),
        ("2Ki", 2**11), ("2Mi", 2**21), ("1Gi", 2**30), ("1.5Ti", 1.5 * 2**40), ("10Pi", 10 * 2**50),
    ],
)  # fmt: skip
def test_quantities(text: str, number: float) -> None:
    """Quantities are read as Kubernetes reads them."""
    assert choices.quantity(text) == number


def test_a_form_gives_its_fields() -> None:
    """Of a submitted form, the first value of each field counts; empty and other fields do not."""
    form = {"namespace": ["physics", "biology"], "size": ["large"], "volume": [], "image": ["mine"]}
    assert choices.from_form(form) == {"namespace": "physics", "size": "large"}


def test_the_file_provider_reads_what_bedplate_writes(tmp_path: Path) -> None:
    """The hub lets in whom the users file names, with their groups, and sees changes of the file at once."""
    path = tmp_path / "users.yaml"
    users.write(path, Accounts(users=[Account(name="ada", password=users.hash_password("x"), groups=["heads"])]))
    provider = providers.provider("file", path)
    assert provider.authenticate("ada", "x") == providers.Identity("ada", ("heads",))
    assert provider.authenticate("ada", "y") is None
    assert provider.authenticate("bob", "x") is None
    assert provider.look_up("ada") == providers.Identity("ada", ("heads",))
    users.write(path, Accounts())
    assert provider.look_up("ada") is None


def test_hub_and_notebook_speak_the_same_version() -> None:
    """The notebook image has the hub's version of JupyterHub."""
    components = load_release("2026.11.0").components
    wheels = components["notebook"].images[0].wheels
    assert f"jupyterhub=={components['jupyterhub'].version}" in wheels
