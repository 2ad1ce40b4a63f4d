"""Door to kustomize (https://kubectl.docs.kubernetes.io/references/kustomize/)."""

from __future__ import annotations

from pathlib import Path

from bedplate.catalog import Catalog
from bedplate.tools import command, programs


def build(folder: Path, catalog: Catalog | None = None) -> bytes:
    """Return the objects (YAML) of a folder with a kustomization."""
    return command.run([programs.find("kustomize", "kustomize", catalog), "build", folder]).stdout
