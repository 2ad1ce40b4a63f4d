"""The installer and the stacks know no component by name: a component is its folder and a version."""

from __future__ import annotations

import re

from bedplate.artifacts.load_release import load_release
from bedplate.config import catalog
from factories import ROOT

EXCEPTIONS = {
    "installer/bedplate/acceptance/fixtures.py",  # fixtures that the tests of several components share
    "installer/bedplate/config/users.py",  # a comment: the hub's own reader has the same format
    "installer/bedplate/images/parts.py",  # images that kubeadm names itself
    "installer/bedplate/hosts/preflight/network.py",  # who listens on a node's ports
}
SHARED_WITH_OTHERS = (
    "containerd",
    "debian",
    "etcd",
    "kubernetes",
    "kustomize",
    "pulumi",
    "pulumi-kubernetes",
    "registry",
    "tenants",
)
"""Components whose name is also that of a kind, a file, a program or a field."""


def test_the_installer_knows_no_component_by_name() -> None:
    """No component's name is a string, or a part of a path, in the installer's or the stacks' code."""
    components = load_release(catalog.newest()).components.keys() - {*SHARED_WITH_OTHERS}
    pattern = re.compile(rf"[\"'/](greeter|{'|'.join(sorted(components))})[\"'/]")
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for folder in (ROOT / "installer/bedplate", ROOT / "stacks")
        for file in folder.rglob("*.py")
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if str(file.relative_to(ROOT)) not in EXCEPTIONS and pattern.search(line)
    ]
    assert found == []
