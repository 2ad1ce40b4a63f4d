"""Two hundred bundles, each corrupted at a seeded random place: all are refused, and nothing is written."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bedplate.bundle import verify_bundle
from bedplate.config import bundle_layout
from bedplate.core.errors import BedplateError, ErrorList
from bedplate.install.install_steps import install
from bedplate.install.refused import RefusedError
from bedplate.install.target import BastionTarget
from factories import tiny_bundle

ROUNDS, SEED = 200, 20261122


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tiny_bundle.Tiny:
    """Create one bundle for all tests."""
    return tiny_bundle.make(tmp_path_factory.mktemp("tiny"))


def some_file(bundle: Path, dice: random.Random) -> Path:
    """Return a random file of the bundle, each with the same probability."""
    return dice.choice(sorted(path for path in bundle.rglob("*") if path.is_file()))


def flip(bundle: Path, dice: random.Random) -> None:
    """Change one bit."""
    path = some_file(bundle, dice)
    data = bytearray(path.read_bytes())
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    path.write_bytes(data)


def truncate(bundle: Path, dice: random.Random) -> None:
    """Truncate a file."""
    path = some_file(bundle, dice)
    os.truncate(path, dice.randrange(path.stat().st_size))


def append(bundle: Path, dice: random.Random) -> None:
    """Append one byte to a file."""
    with some_file(bundle, dice).open("ab") as file:
        file.write(dice.randbytes(1))


def drop(bundle: Path, dice: random.Random) -> None:
    """Remove a file."""
    some_file(bundle, dice).unlink()


def add(bundle: Path, dice: random.Random) -> None:
    """Add a file, a folder or a pipe."""
    folder = dice.choice(sorted({path.parent for path in bundle.rglob("*")}))
    place = folder / dice.choice(["autorun.inf", ".hidden", dice.randbytes(32).hex(), "extra.py", "x.pyc"])
    kinds: list[Callable[[Path], None]] = [Path.touch, Path.mkdir, os.mkfifo]
    dice.choice(kinds)(place)


def link(bundle: Path, dice: random.Random) -> None:
    """Replace a file by a symbolic link to the same content."""
    path = some_file(bundle, dice)
    aside = path.rename(bundle.parent / "aside")
    path.symlink_to(aside)


def link_folder(bundle: Path, dice: random.Random) -> None:
    """Replace a folder by a symbolic link; every file keeps its path."""
    folder = bundle / dice.choice(["blobs", "blobs/sha256", "install"])
    folder.symlink_to(folder.rename(bundle.parent / "aside"))


def hard_link(bundle: Path, dice: random.Random) -> None:
    """Replace a file by a hard link to another file of the bundle."""
    path, other = some_file(bundle, dice), some_file(bundle, dice)
    while path.read_bytes() == other.read_bytes():
        other = some_file(bundle, dice)
    path.unlink()
    path.hardlink_to(other)


DAMAGES: list[Callable[[Path, random.Random], None]] = [flip, truncate, append, drop, add, link, link_folder, hard_link]


def entries(root: Path) -> dict[str, tuple[int, ...]]:
    """Return all entries below a folder, with inode, size and modification time of files."""
    found = {str(path.relative_to(root)): (path.is_dir(), path.lstat()) for path in root.rglob("*")}
    return {
        name: (state.st_ino,) if folder else (state.st_ino, state.st_size, state.st_mtime_ns)
        for name, (folder, state) in found.items()
    }


def is_refused(check: Callable[[], object]) -> bool:
    """Return whether a check ends with an expected error."""
    try:
        check()
    except (BedplateError, ErrorList, RefusedError):
        return True
    return False


def older(root: Path) -> None:
    """Create files in a bastion's folders as an earlier installation might have left them."""
    store = BastionTarget(root).blob("0" * 64)
    store.parent.mkdir(parents=True)
    store.write_text("another release's")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "prepare"), [(SEED, lambda root: root.mkdir()), (SEED + 1, older)], ids=["empty bastion", "older release"]
)
def test_all_are_refused_and_nothing_is_written(
    tiny: tiny_bundle.Tiny, tmp_path: Path, seed: int, prepare: Callable[[Path], None]
) -> None:
    """`bundle verify` and the bundle's own installer refuse every one."""
    root = tmp_path / "root"
    prepare(root)
    before, dice, accepted = entries(root), random.Random(seed), []  # noqa: S311  it chooses places, not keys
    for number in range(ROUNDS // 2):
        bundle = shutil.copytree(tiny.folder, tmp_path / f"{number}" / "bundle")
        damage = DAMAGES[number % len(DAMAGES)]
        damage(bundle, dice)
        refused = is_refused(partial(verify_bundle.verify, bundle, tiny.publisher))
        if not (refused and is_refused(partial(install, bundle, tiny.publisher, BastionTarget(root)))):
            accepted.append((number, damage.__name__))
        assert entries(root) == before, damage.__name__
        shutil.rmtree(bundle.parent)
    assert accepted == []


def test_a_wrong_blob_in_the_middle_of_a_copy(tiny: tiny_bundle.Tiny, tmp_path: Path) -> None:
    """Whichever blob is wrong, all blobs copied before it are removed again."""
    for blob in sorted((tiny.folder / bundle_layout.BLOBS).iterdir()):
        bundle = shutil.copytree(tiny.folder, tmp_path / blob.name[:8])
        data = bytearray(blob.read_bytes())
        data[-1] ^= 128
        (bundle / bundle_layout.BLOBS / blob.name).write_bytes(data)
        root = tmp_path / "root"
        with pytest.raises(RefusedError, match="differs from what was signed"):
            install(bundle, tiny.publisher, BastionTarget(root))
        assert not root.exists()
