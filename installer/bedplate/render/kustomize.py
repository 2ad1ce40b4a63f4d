"""Door to kustomize (https://kubectl.docs.kubernetes.io/references/kustomize/)."""

from __future__ import annotations

from pathlib import Path

from bedplate.artifacts import find_program
from bedplate.config.catalog import Catalog
from bedplate.core import command


def build(folder: Path, catalog: Catalog | None = None) -> bytes:
    """Return the objects (YAML) of a folder with a kustomization."""
    return command.run([find_program.find("kustomize", "kustomize", catalog), "build", folder]).stdout
