"""Overlays: kustomize Components in overlays/<profile>/<component>/, applied in the profiles' order."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from bedplate.config.catalog import Catalog
from bedplate.core import paths
from bedplate.core.errors import InputError, SourceLocation
from bedplate.kube import object_id
from bedplate.render import kustomize
from bedplate.render.rendered import Rendered

KUSTOMIZATION = "kustomization.yaml"
FORBIDDEN = ("configMapGenerator", "secretGenerator", "generators", "helmCharts", "namePrefix", "nameSuffix")


def apply(objects: list[Rendered], component: str, profiles: Sequence[str], catalog: Catalog) -> list[Rendered]:
    """Return a component's objects after the overlays of the profiles; kustomize runs only where there are some."""
    found = folders(component, profiles)
    if not found or not objects:
        return objects
    for folder in found:
        _check_overlay(folder)
    with tempfile.TemporaryDirectory(prefix="bedplate-") as name:
        work = Path(name)
        _lay_out(work, [one.value for one in objects], found)
        built = kustomize.build(work, catalog)
    sources = {object_id.of(one.value): one.source for one in objects}
    return [
        Rendered(sources.get(object_id.of(value), str(found[-1] / KUSTOMIZATION)), value)
        for value in yaml.load_all(built, Loader=yaml.CSafeLoader)
        if value is not None
    ]


def folders(component: str, profiles: Sequence[str]) -> list[Path]:
    """Return a component's overlays of the profiles, in their order."""
    return [folder for profile in profiles if (folder := _overlay(profile, component))]


def program(catalog: Catalog) -> str:
    """Return what tells the release's kustomize from another: its version."""
    return catalog.release.components.get("kustomize", "")


def _overlay(profile: str, component: str) -> Path | None:
    known = [tree / "overlays" / profile for tree in paths.search_path() if (tree / "overlays" / profile).is_dir()]
    if not known:
        raise InputError(f"profile {profile}", "has no folder in overlays/", "mend `profiles` in environment.yaml")
    return next((folder / component for folder in known if (folder / component / KUSTOMIZATION).is_file()), None)


def _check_overlay(folder: Path) -> None:
    """Refuse what would make names depend on content (contract 4)."""
    where = SourceLocation(str(folder / KUSTOMIZATION))
    content: dict[str, Any] = yaml.load((folder / KUSTOMIZATION).read_bytes(), Loader=yaml.CSafeLoader) or {}
    if content.get("kind") != "Component":
        raise InputError("overlay", "is no kustomize Component", "write `kind: Component`", where)
    if used := [key for key in FORBIDDEN if key in content]:
        raise InputError("overlay", f"uses {', '.join(used)}", "write patches or plain resources", where)


def _lay_out(work: Path, values: list[dict[str, Any]], folders: list[Path]) -> None:
    names = [f"overlay-{number}" for number, _ in enumerate(folders)]
    for folder, name in zip(folders, names, strict=True):
        shutil.copytree(folder, work / name)
    (work / "objects.yaml").write_text("---\n".join(json.dumps(value) + "\n" for value in values))
    (work / KUSTOMIZATION).write_text(json.dumps({"resources": ["objects.yaml"], "components": names}))
