"""The mirror's Python wheels as a simple index (https://peps.python.org/pep-0503/)."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterable

from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.core.file_tree import BlobLink, TreeFile


def wheel_tree(releases: Iterable[ReleaseFile]) -> dict[str, TreeFile]:
    """Return the tree: index.html, and a folder per project with its own index.html and its wheels."""
    wheels = {a.file: a for release in releases for a in release.artifacts if a.kind == "wheel"}
    projects: dict[str, list[BundledArtifact]] = defaultdict(list)
    for name in sorted(wheels):
        projects[project_of(name)].append(wheels[name])
    tree: dict[str, TreeFile] = {f"{project_of(name)}/{name}": BlobLink(wheel.sha256) for name, wheel in wheels.items()}
    for project, files in projects.items():
        tree[f"{project}/index.html"] = _page(project, {f"{w.file}#sha256={w.sha256}": w.file for w in files})
    tree["index.html"] = _page("Wheels", {f"{project}/": project for project in sorted(projects)})
    return tree


def project_of(wheel: str) -> str:
    """Return the normalised project name of a wheel's file name."""
    return re.sub(r"[-_.]+", "-", wheel.partition("-")[0]).lower()


def _page(title: str, links: dict[str, str]) -> bytes:
    items = "\n".join(f'<a href="{html.escape(to)}">{html.escape(text)}</a><br>' for to, text in links.items())
    head = f"<!DOCTYPE html>\n<html><head><title>{html.escape(title)}</title></head>"
    return f"{head}<body>\n{items}\n</body></html>\n".encode()
