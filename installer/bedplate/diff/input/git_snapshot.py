"""The snapshot of an environment at a git revision, with the manifests, roles and releases of that revision."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from bedplate.config.environments import ENVIRONMENT
from bedplate.core import command, digest, paths
from bedplate.core.errors import BedplateError, InputError
from bedplate.diff.input import environment_snapshot
from bedplate.diff.input.unpacked_trees import unpacked
from bedplate.kube.snapshot import Snapshot

INSTALLER = ("inventory", "manifests", "overlays", "releases", "roles", "stacks", "trees")
"""The folders of the installer's tree that rendering reads."""
NEEDED = {"manifests", "releases", "roles", "stacks"}


def is_revision(spec: str) -> bool:
    """Return whether a word has the form ``REVISION:ENVIRONMENT``."""
    revision, colon, name = spec.partition(":")
    return bool(revision and colon and name)


def read(spec: str) -> Snapshot:
    """Return the snapshot of an environment at a revision.

    If the revision contains the installer, its manifests, roles and releases are used. A repository that contains only
    environments is rendered with those of the running installer.
    """
    revision, _, name = spec.partition(":")
    repository = _repository()
    commit = _commit(repository, revision)
    folder = _folder(repository, commit, name, spec)
    present = _names(repository, commit, "")
    names = sorted({*(path for path in INSTALLER if path in present), folder})
    names += [paths.DISTRIBUTIONS] if _names(repository, commit, paths.DISTRIBUTIONS) else []
    tree = unpacked(digest.of([commit, names]), lambda: _archive(repository, commit, names))
    if not present >= NEEDED:
        return environment_snapshot.read(spec, tree / folder)
    with paths.use_tree(tree):
        return environment_snapshot.read(spec, tree / folder)


def _repository() -> Path:
    """Return the repository of the working folder, else that of the installer."""
    for folder in (Path.cwd(), paths.SOURCE):
        done = command.run(["git", "-C", folder, "rev-parse", "--show-toplevel"], check=False)
        if done.returncode == 0:
            return Path(done.stdout.decode().strip())
    raise InputError("this folder", "is not in a git repository", "change to the repository of the environment")


def _commit(repository: Path, revision: str) -> str:
    words = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    done = command.run(["git", "-C", repository, *words], check=False)
    if done.returncode != 0:
        step = "if it is on another machine, run `git fetch`"
        raise InputError(f"revision {revision}", f"was not found in {repository}", step)
    return done.stdout.decode().strip()


def _folder(repository: Path, commit: str, name: str, spec: str) -> str:
    """Return the environment's folder in the revision's tree, given by path or by name."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise InputError(
            f"snapshot {spec}", "names a path outside the repository", "write the path from the repository's root"
        )
    for folder in (str(path), f"inventory/{path}"):
        if ENVIRONMENT in _names(repository, commit, folder):
            return folder
    fact = f"was not found at {spec.partition(':')[0]}, neither {path} nor inventory/{path}"
    raise InputError(f"environment {name}", fact, f"list the environments with `git ls-tree {commit[:12]} inventory/`")


def _names(repository: Path, commit: str, folder: str) -> set[str]:
    done = command.run(["git", "-C", repository, "ls-tree", "--name-only", "-z", f"{commit}:{folder}"], check=False)
    return {name for name in done.stdout.decode(errors="replace").split("\0") if name}


def _archive(repository: Path, commit: str, paths: list[str]) -> bytes:
    try:
        return command.run(["git", "-C", repository, "archive", "--format=tar", commit, "--", *paths]).stdout
    except BedplateError as error:
        raise InputError(f"revision {commit[:12]}", error.fact, "check the repository with `git fsck`") from error
