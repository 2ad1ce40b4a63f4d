"""Apply overlays: the kustomize Components in overlays/<profile>/<component>/, in the order of the profiles."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from bedplate.config.catalog import Catalog
from bedplate.core import paths
from bedplate.core.errors import InputError, SourceLocation
from bedplate.core.scratch_folder import scratch_folder
from bedplate.kube import object_id
from bedplate.render import kustomize
from bedplate.render.rendered import Rendered

KUSTOMIZATION = "kustomization.yaml"
FORBIDDEN = ("configMapGenerator", "secretGenerator", "generators", "helmCharts", "namePrefix", "nameSuffix")


def apply_overlays(
    objects: list[Rendered], component: str, profiles: Sequence[str], catalog: Catalog
) -> list[Rendered]:
    """Return a component's objects with the profiles' overlays applied; kustomize runs only if there are any."""
    enabled = overlay_folders(component, profiles)
    if not enabled or not objects:
        return objects
    for folder in enabled:
        _check_overlay(folder)
    with scratch_folder() as work:
        _lay_out(work, [rendered.value for rendered in objects], enabled)
        built = kustomize.build_with_kustomize(work, catalog)
    sources = {object_id.of(rendered.value): rendered.source for rendered in objects}
    return [
        Rendered(sources.get(object_id.of(value), str(enabled[-1] / KUSTOMIZATION)), value)
        for value in yaml.load_all(built, Loader=yaml.CSafeLoader)
        if value is not None
    ]


def overlay_folders(component: str, profiles: Sequence[str]) -> list[Path]:
    """Return the folders of a component's overlays, in the order of the profiles."""
    return [folder for profile in profiles if (folder := _overlay(profile, component))]


def kustomize_version(catalog: Catalog) -> str:
    """Return the version of the release's kustomize."""
    return catalog.release.components.get("kustomize", "")


def _overlay(profile: str, component: str) -> Path | None:
    known = [tree / "overlays" / profile for tree in paths.search_path() if (tree / "overlays" / profile).is_dir()]
    if not known:
        raise InputError(f"profile {profile}", "has no folder in overlays/", "correct `profiles` in environment.yaml")
    return next((folder / component for folder in known if (folder / component / KUSTOMIZATION).is_file()), None)


def _check_overlay(folder: Path) -> None:
    """Refuse settings that make names depend on content (contract 4, docs/explanation/design.md)."""
    where = SourceLocation(str(folder / KUSTOMIZATION))
    content: dict[str, Any] = yaml.load((folder / KUSTOMIZATION).read_bytes(), Loader=yaml.CSafeLoader) or {}
    if content.get("kind") != "Component":
        raise InputError("overlay", "is not a kustomize Component", "write `kind: Component`", where)
    if used := [key for key in FORBIDDEN if key in content]:
        raise InputError(
            "overlay",
            f"uses {', '.join(used)}, which makes names depend on content",
            "use patches or plain resources",
            where,
        )


def _lay_out(work: Path, values: list[dict[str, Any]], overlay_folders: list[Path]) -> None:
    names = [f"overlay-{number}" for number, _ in enumerate(overlay_folders)]
    for folder, name in zip(overlay_folders, names, strict=True):
        shutil.copytree(folder, work / name)
    (work / "objects.yaml").write_text("---\n".join(json.dumps(value) + "\n" for value in values))
    (work / KUSTOMIZATION).write_text(json.dumps({"resources": ["objects.yaml"], "components": names}))
