"""The programs that bundles are compared with, and how each does the same work."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from image_set import ImageSet
from local_registry import LocalRegistry
from timed_process import run

from bedplate.artifacts.cache import Cache
from bedplate.images.image_name import split_image
from bedplate.images.mirror_names import mirror_repository

CRANE = "github.com/google/go-containerregistry/cmd/crane"
CRANE_VERSION = "v0.21.4"
TOGETHER = "all"
"""Repository for all images if crane sends them with one command, which can name only one."""


def versions() -> str:
    """Return the versions of the programs."""
    crane = run([crane_program(), "version"]).output.strip()
    others = (
        run([_program(name), word]).output.strip() for name, word in (("skopeo", "--version"), ("openssl", "version"))
    )
    return ", ".join((f"crane {crane}", *others))


def crane_program() -> Path:
    """Return crane, built once into the cache by the Go on PATH."""
    folder = Cache().folder("peers", f"crane-{CRANE_VERSION}")
    if not (folder / "crane").is_file():
        settings = {"GOBIN": str(folder), "GOFLAGS": "-mod=mod", "GONOSUMDB": "*"}
        run([_program("go"), "install", f"{CRANE}@{CRANE_VERSION}"], settings)
    return folder / "crane"


def crane_one_by_one(images: ImageSet, registry: LocalRegistry) -> None:
    """Push each image into its own repository with crane."""
    for image, folder in images.layouts.items():
        run([crane_program(), "push", "--insecure", folder, f"{registry.name}/{name_of(image)}"])


def crane_together(images: ImageSet, registry: LocalRegistry) -> None:
    """Push all images with one command: faster, since blobs are sent in parallel, but all into one repository."""
    run([crane_program(), "push", "--insecure", "--index", images.together, f"{registry.name}/{TOGETHER}:v1"])


def skopeo(images: ImageSet, registry: LocalRegistry) -> None:
    """Copy each image into its own repository."""
    for image, folder in images.layouts.items():
        target = f"docker://{registry.name}/{name_of(image)}"
        words = ["copy", "--quiet", "--insecure-policy", "--preserve-digests", "--dest-tls-verify=false"]
        run([_program("skopeo"), *words, f"oci:{folder}", target])


def openssl(files: list[Path]) -> float:
    """Return the seconds that openssl needs to hash files on all cores, the largest first."""
    named = "\0".join(map(str, sorted(files, key=lambda file: -file.stat().st_size)))
    words = ["xargs", "-0", "-P", str(os.cpu_count()), "-n", "1", _program("openssl"), "dgst", "-sha256"]
    return run(words, given=named.encode()).seconds


def name_of(image: str) -> str:
    """Return the repository and tag that an image has in a mirror."""
    return f"{mirror_repository(image)}:{split_image(image)[2]}"


def _program(name: str) -> str:
    if not (found := shutil.which(name)):
        raise SystemExit(f"program {name} is not installed\n  hint: install it")
    return found
