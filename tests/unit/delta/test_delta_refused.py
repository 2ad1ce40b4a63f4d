"""Errors of a delta, its base or an inventory file are named, and no bundle is made."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from bedplate.bundle import publisher_signature
from bedplate.config import bundle_layout
from bedplate.core import digest
from bedplate.core.errors import BedplateError, ErrorList, InputError
from bedplate.delta import inventory
from bedplate.delta.delta_layout import DATA, HEAD, SIGNATURE, DeltaFile
from bedplate.pki import site_key
from factories import two_bundles
from factories.two_bundles import Sides


@pytest.fixture
def tmp_path(memory: Path) -> Iterator[Path]:
    """Return a folder for one test, on the same file system as the bundles."""
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def corrupt(path: Path) -> None:
    """Change one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def mix_with_another_delta(delta: Path) -> None:
    """Replace one part's header by the signed header of another delta."""
    for name in (HEAD, SIGNATURE):
        shutil.copyfile(delta.parent / "whole/part-001-of-001" / name, delta / "part-002-of-004" / name)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "data of part 2": (
        lambda d: corrupt(d / "part-002-of-004" / DATA),
        r"part 2 of 4 .*part-002-of-004/data.* differs",
    ),
    "short part 3": (
        lambda d: os.truncate(d / "part-003-of-004" / DATA, 5),
        r"part 3 of 4 .*\n  hint: read the medium again",
    ),
    "part 1 missing": (lambda d: shutil.rmtree(d / "part-001-of-004"), r"part 1 of 4 \(part-001-of-004, .*is missing"),
    "head": (
        lambda d: corrupt(d / "part-004-of-004" / HEAD),
        "part part-004-of-004 in .* is refused: it is not signed",
    ),
    "signature": (
        lambda d: (d / "part-004-of-004" / SIGNATURE).unlink(),
        r"part part-004-of-004 .*has no delta.json.sig",
    ),
    "manifest": (
        lambda d: corrupt(d / "part-001-of-004" / bundle_layout.MANIFEST),
        "is not signed by the publisher's key",
    ),
    "another delta's part": (mix_with_another_delta, "parts belong to 2 deltas"),
}


@pytest.mark.parametrize(("damage", "fact"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_part_is_named(
    made: tuple[Sides, Path, Path], parts: Path, tmp_path: Path, damage: Callable[[Path], object], fact: str
) -> None:
    """The message names the damaged part, and no bundle appears."""
    sides, old, _ = made
    carried = shutil.copytree(parts, tmp_path / "parts")
    shutil.copytree(sides.root / "whole", tmp_path / "whole")
    damage(carried)
    with pytest.raises((BedplateError, ErrorList), match=fact):
        sides.merge(carried, old, str(tmp_path / "joined"))
    assert not (tmp_path / "joined").exists()


def test_another_publisher_is_refused(made: tuple[Sides, Path, Path], parts: Path, tmp_path: Path) -> None:
    """A delta that the pinned key did not sign is refused."""
    _, old, _ = made
    other = two_bundles.sides(tmp_path)
    with pytest.raises(ErrorList, match="is not signed by the publisher's key"):
        other.merge(parts, old)


def test_a_site_without_the_base_is_refused_at_once(
    made: tuple[Sides, Path, Path], parts: Path, tmp_path: Path
) -> None:
    """A blob removed from the store after the inventory was written is named before any part is read."""
    sides, old, _ = made
    thinner = shutil.copytree(old, tmp_path / "thinner")
    head = DeltaFile.model_validate_json((parts / "part-001-of-004" / HEAD).read_bytes())
    gone = head.requires[0].sha256
    (thinner / bundle_layout.blob_path(gone)).unlink()
    with pytest.raises(BedplateError, match=f"lacks 1 of the .*release 2026.11.1.*{gone}"):
        sides.merge(parts, thinner, str(tmp_path / "joined"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thinner"]


@pytest.mark.parametrize("kind", ["kept", "base of a patch"])
def test_a_corrupted_base_is_named(made: tuple[Sides, Path, Path], parts: Path, tmp_path: Path, kind: str) -> None:
    """A blob that is corrupted at the site does not get into the bundle, and nothing is made from it."""
    sides, old, _ = made
    damaged = shutil.copytree(old, tmp_path / "damaged")
    head = DeltaFile.model_validate_json((parts / "part-001-of-004" / HEAD).read_bytes())
    bases = {one.base for one in head.carried if one.base}
    sha256 = min(bases if kind != "kept" else {one.sha256 for one in head.requires} - bases)
    corrupt(damaged / bundle_layout.blob_path(sha256))
    with pytest.raises(BedplateError, match=f"blob {sha256} in .* does not match its digest"):
        sides.merge(parts, damaged, str(tmp_path / "joined"))
    assert inventory.take_inventory(damaged, "here", read=True)[1] == [sha256]


def test_an_older_sites_inventory_is_read(made: tuple[Sides, Path, Path], tmp_path: Path) -> None:
    """A site writes with the installer that it has: at 5719f09, another first line and signature namespace."""
    sides, old, _ = made
    taken = inventory.take_inventory(old, "here")[0]
    packed = zstandard.compress(digest.canonical(taken.model_dump()))
    signature = site_key.sign(packed, sides.site, "bedplate-have")
    path = tmp_path / "here.have"
    path.write_bytes(b"bedplate-have 1 here\n" + signature + packed)
    assert inventory.unseal(path, lambda _: publisher_signature.public_key(sides.site)) == taken
    path.write_bytes(b"bedplate-inventory 1 here\n" + signature + packed)
    with pytest.raises(BedplateError, match="was not signed as bedplate-inventory"):
        inventory.unseal(path, lambda _: publisher_signature.public_key(sides.site))


def test_a_forged_inventory_is_refused(made: tuple[Sides, Path, Path], tmp_path: Path) -> None:
    """An inventory file that the site's key did not sign, or that was changed, is refused."""
    sides, old, _ = made
    sides.inventory(old)
    path = Path(shutil.copy(sides.root / "here.inventory", tmp_path))
    assert path.stat().st_size < 5000
    other = two_bundles.sides(tmp_path)
    with pytest.raises(BedplateError, match="signature was not made with the site's key"):
        inventory.unseal(path, lambda _: publisher_signature.public_key(other.site))
    corrupt(path)
    with pytest.raises(BedplateError, match=r"here\.inventory"):
        inventory.unseal(path, lambda _: publisher_signature.public_key(sides.site))
    path.write_bytes(b"bedplate-inventory 1 here\n")
    with pytest.raises(InputError, match="is not an inventory file"):
        inventory.unseal(path, lambda _: publisher_signature.public_key(sides.site))
