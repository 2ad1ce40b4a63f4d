"""This computer as a bastion: the release's programs are installed, and state is kept in the API server's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.artifacts import find_program
from bedplate.cluster import kubectl
from bedplate.core import paths
from factories.api_server import ApiServer

INSTALLED = "opt"
PROGRAMS = {"kubernetes": "kubectl", "pulumi": "pulumi", "pulumi-kubernetes": "pulumi-resource-kubernetes"}
"""The programs of a bastion that apply a layer, by component."""


def install_programs(server: ApiServer) -> None:
    """Install the programs below the API server's folder, as the installer does below /opt/bedplate."""
    for component, program in PROGRAMS.items():
        link = server.folder / INSTALLED / component / "current/bin" / program
        link.parent.mkdir(parents=True)
        link.symlink_to(find_program.find_program(component, program, server.catalog))


def use_bastion(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Use the programs in an API server's folder, and keep the state of environments there."""
    patch.setattr(find_program, "INSTALLED", folder / INSTALLED)
    patch.setattr(kubectl, "KUBECTL", Path("/nonexistent"))
    patch.setattr(paths, "STATE", folder / "state")
