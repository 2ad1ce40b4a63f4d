"""Run the release's kustomize (https://kubectl.docs.kubernetes.io/references/kustomize/)."""

from __future__ import annotations

from pathlib import Path

from bedplate.artifacts import find_program
from bedplate.config.catalog import Catalog
from bedplate.core import command


def build_with_kustomize(folder: Path, catalog: Catalog | None = None) -> bytes:
    """Return the objects of a folder with a kustomization, as YAML."""
    return command.run([find_program.find_program("kustomize", "kustomize", catalog), "build", folder]).stdout
