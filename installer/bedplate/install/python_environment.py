"""Creation of the installer's Python virtual environment from the bundle's wheels."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from .process import run
from .release_json import link_by_file_name, select_artifacts, version_of
from .sync import sync_filesystem
from .target import BastionTarget


def make_environment(release: dict[str, Any], target: BastionTarget) -> str:
    """Create the virtual environment, with the stamp files that the launcher `bedplate` looks for."""
    tree = target.opt / "installer" / version_of(release)
    wheels = select_artifacts(release, release["bastion"]["wheels"])
    venv, digest = tree / ".venv", hashlib.sha256("".join(a["sha256"] for a in wheels).encode()).hexdigest()
    launcher = hashlib.sha256((tree / "requirements/runtime.txt").read_bytes()).hexdigest()[:16]
    stamps = (venv / f".{launcher}", venv / f".wheels-{digest[:16]}")
    if all(stamp.exists() for stamp in stamps):
        return "already installed"
    shutil.rmtree(venv, ignore_errors=True)
    run([sys.executable, "-m", "venv", "--without-pip", str(venv)])
    if wheels:
        _install_wheels(wheels, venv, target)
    sync_filesystem(venv)
    for stamp in stamps:
        stamp.touch()
    return f"{len(wheels)} wheels"


def _install_wheels(wheels: list[dict[str, Any]], venv: Path, target: BastionTarget) -> None:
    with tempfile.TemporaryDirectory(dir=target.store) as name:
        folder = Path(name)
        links = link_by_file_name(wheels, folder, target)
        pip = next(link for link in links if link.name.startswith("pip-"))
        lines = [f"{_requirement(a['file'])} --hash=sha256:{a['sha256']}" for a in wheels if a["file"] != pip.name]
        (folder / "requirements.txt").write_text("\n".join([*lines, ""]))
        flags = ["--no-index", "--no-deps", "--no-compile", "--no-cache-dir", "--require-hashes", "--quiet"]
        words = [str(pip / "pip"), "install", *flags, "--disable-pip-version-check", "--root-user-action=ignore"]
        run([str(venv / "bin/python"), *words, "--find-links", name, "-r", str(folder / "requirements.txt")])


def _requirement(wheel: str) -> str:
    name, version, *_ = wheel.split("-")
    return f"{name}=={version}"
