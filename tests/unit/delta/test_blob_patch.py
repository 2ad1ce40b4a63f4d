"""A patch makes the new blob from the older one byte for byte, for any two blobs."""

from __future__ import annotations

import io
import lzma
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from bedplate.artifacts.image import layer
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.delta import blob_patch, encoder, patch_steps, segments, xz
from bedplate.delta.patch_steps import CopyStep
from factories import two_bundles

KIB = 1 << 10


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shrink windows, so that a test's blobs have many of them."""
    for name, size in {"WINDOW_SIZE": 64, "MARGIN": 32, "DICTIONARY_SIZE": 128, "SHORTEST_COPY": 16}.items():
        monkeypatch.setattr(patch_steps, name, size * KIB)


def tar(chance: random.Random, files: dict[str, bytes]) -> bytes:
    """Return a tar whose members have a time and sometimes a long name."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as file:
        for name, data in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(data), chance.choice((1, 2**34))
            file.addfile(member, io.BytesIO(data))
    return out.getvalue()


def packed(data: bytes) -> bytes:
    """Return a tar packed as an image layer."""
    out = io.BytesIO()
    layer.pack(io.BytesIO(data), len(data), out)
    return out.getvalue()


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "tar": lambda data: data,
    "layer": packed,
    "cut off": lambda data: data[: len(data) * 2 // 3],
}


def round_trip(folder: Path, old: bytes | None, new: bytes) -> tuple[int, blob_patch.PatchHead]:
    """Make a patch, apply it, compare the result, and return the patch's size and header."""
    blobs = [folder / "old-blob" if old is not None else None, folder / "new-blob"]
    for path, data in zip(blobs, (old, new), strict=True):
        if path and data is not None:
            path.write_bytes(data)
    for name in ("one", "two"):
        (folder / name).mkdir(exist_ok=True)
    blob_patch.make_patch(blobs[0], folder / "new-blob", set(encoder.ENCODERS), folder / "patch", folder / "one")
    blob_patch.apply_patch(folder / "patch", blobs[0], folder / "again", folder / "two")
    assert (folder / "again").read_bytes() == new
    with (folder / "patch").open("rb") as file:
        return (folder / "patch").stat().st_size, blob_patch._read_head(file)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(12))
def test_patches_any_two_blobs(tmp_path: Path, seed: int) -> None:
    """Tars, layers and random bytes are patched from each other; small windows make all kinds of steps occur."""
    chance = random.Random(seed)  # noqa: S311  seeded on purpose
    names = [f"{'x' * chance.choice((3, 150))}/{number}" for number in range(9)]
    files = {name: chance.randbytes(chance.choice((0, 900, 300_000))) for name in names}
    later = {name: two_bundles.edited(data, chance) if chance.random() < 0.3 else data for name, data in files.items()}
    later["a/new"] = chance.randbytes(70_000)
    old, new = tar(chance, files), tar(chance, later)
    before, after = (FORMS[chance.choice(sorted(FORMS))] for _ in range(2))
    round_trip(tmp_path, before(old), after(new))


@pytest.mark.usefixtures("small")
def test_a_patch_costs_what_changed(tmp_path: Path) -> None:
    """A file that moved inside a large tar, and a changed time of every member, cost almost nothing."""
    chance = random.Random(3)  # noqa: S311  seeded on purpose
    files = {f"lib/{n}": chance.randbytes(100_000) for n in range(5)}
    old = tar(random.Random(1), files)  # noqa: S311  as above
    large = files["lib/2"][:50_000] + b"moved by this" + files["lib/2"][50_000:]
    size, head = round_trip(tmp_path, packed(old), packed(tar(random.Random(2), {**files, "lib/2": large})))  # noqa: S311
    assert size < 3000
    assert sum(isinstance(step, CopyStep) for step in head.steps) >= 3


@pytest.mark.parametrize(("old", "new"), [(None, b""), (None, b"x" * 100_000), (b"", b"y"), (b"z" * 40, b"z" * 41)])
def test_patches_small_and_empty_blobs(tmp_path: Path, old: bytes | None, new: bytes) -> None:
    """An empty blob, no older blob, and one too short for a dictionary are patched, too."""
    assert round_trip(tmp_path, old, new)[0] < 400


def test_a_package_is_reproducible(tmp_path: Path) -> None:
    """Every member that dpkg-deb packed is packed again to the same bytes."""
    sides = two_bundles.sides(tmp_path)
    made = two_bundles.content(random.Random(4))  # noqa: S311  seeded on purpose
    blob = sides.cache.blob(two_bundles._package(made, sides.cache).sha256)
    found = segments.reproducible_segments(blob, set(encoder.ENCODERS), tmp_path)
    assert [segment.encoder for segment in found] == ["", "lzma2-6", "", "lzma2-6", ""]
    segments.pack(segments.unpack(blob, found, tmp_path / "u"), found, tmp_path / "p")
    assert digest.of_file(tmp_path / "p") == blob.name


NOT_OURS = {
    "xz without sizes": lzma.compress(b"text" * 9000),
    "another level": zstandard.compress(bytes(range(256)) * 900 + b"abcab" * 9000, 19),
    "gzip": b"\x1f\x8b\x08\0" + bytes(3000),
    "no size": zstandard.ZstdCompressor(write_content_size=False).compress(b"text" * 9000),
    "cut off": packed(b"text" * 90_000)[:-3],
}


@pytest.mark.parametrize("data", NOT_OURS.values(), ids=NOT_OURS)
def test_what_is_not_reproducible_counts_as_plain(tmp_path: Path, data: bytes) -> None:
    """Bytes of another encoder are one plain segment."""
    (tmp_path / "blob").write_bytes(data)
    found = segments.reproducible_segments(tmp_path / "blob", set(encoder.ENCODERS), tmp_path)
    assert [segment.encoder for segment in found] == [""]
    assert not list(xz.blocks(data, 0, len(data)))


def test_a_malformed_patch_is_refused(tmp_path: Path) -> None:
    """An invalid header and a window of another size are errors."""
    round_trip(tmp_path, None, b"text" * 9000)
    path = tmp_path / "patch"
    for malformed in (b"", b"\0" * 40, path.read_bytes()[:-5]):
        path.write_bytes(malformed)
        with pytest.raises((BedplateError, zstandard.ZstdError)):
            blob_patch.apply_patch(path, None, tmp_path / "out", tmp_path / "two")
