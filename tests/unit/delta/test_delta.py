"""A delta carries what a site lacks, and gives the same bundle there that the publisher signed."""

from __future__ import annotations

import json
import random
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bedplate import cli
from bedplate.bundle import verify_bundle
from bedplate.config import bundle_layout
from bedplate.core.errors import ErrorList, InputError
from bedplate.delta import inventory
from bedplate.delta.delta_layout import DATA
from factories import killed, two_bundles
from factories.two_bundles import Sides, tree

MEDIUM = 60_000
LAST = 16
"""File-system calls at the end, where the bundle gets its signature and its final path."""
KILLS = 20


@pytest.fixture
def tmp_path(memory: Path) -> Iterator[Path]:
    """Return a folder for one test, on the same file system as the bundles."""
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_merged_delta_is_the_full_bundle(tmp_path: Path, seed: int) -> None:
    """For random pairs of bundles, a smaller delta gives the publisher's bundle byte for byte."""
    sides, chance = two_bundles.sides(tmp_path), random.Random(seed)  # noqa: S311  seeded on purpose
    old = two_bundles.content(chance)
    new = two_bundles.changed(old, chance)
    for _ in range(seed % 3):
        new = two_bundles.changed(new, chance)
    base, full = sides.bundle("old", old), sides.bundle("new", new)
    delta = sides.delta(full, base, medium=chance.choice((0, MEDIUM, 200_000)))
    sides.merge(delta, base)
    assert tree(tmp_path / "joined") == tree(full)
    verify_bundle.verify(tmp_path / "joined", sides.publisher)
    carried = sum(path.stat().st_size for path in delta.glob(f"*/{DATA}"))
    assert carried < sum(path.stat().st_size for path in full.rglob("*") if path.is_file())


def test_layers_programs_and_packages_are_patched(made: tuple[Sides, Path, Path]) -> None:
    """Packed content is patched unpacked: a changed layer or package costs a fraction of its size."""
    sides, old, new = made
    plan = sides.plan(new, old)
    patched = {item.file.sha256: item for item in plan.carried if item.patch}
    release = verify_bundle.read_release(new)
    by_kind = {artifact.kind: artifact.sha256 for artifact in release.artifacts}
    assert by_kind["go"] in patched
    assert by_kind["deb"] in patched
    layers = [item for item in patched.values() if item.file.sha256 not in by_kind.values()]
    assert layers
    assert all(item.length < item.file.size * 0.6 for item in patched.values())
    assert len(plan.kept) > 1


def test_an_unchanged_bundle_carries_no_blob(made: tuple[Sides, Path, Path]) -> None:
    """A delta to the bundle that the site has contains only the bundle's small files."""
    sides, old, _ = made
    plan = sides.plan(old, old)
    assert not [item for item in plan.carried if bundle_layout.is_blob(item.file)]


def test_links_on_the_same_disk(made: tuple[Sides, Path, Path], tmp_path: Path) -> None:
    """On the store's disk, files that the site has are hard links and take no more space."""
    sides, old, new = made
    delta = sides.delta(new, old, str(tmp_path / "delta"))
    merged = sides.merge(delta, old, str(tmp_path / "joined"))
    assert merged.linked
    assert not merged.copied
    assert sides.merge(delta, old, str(tmp_path / "joined")).linked == 0  # the bundle is there already


def test_a_store_works_like_a_bundle(made: tuple[Sides, Path, Path], parts: Path, tmp_path: Path) -> None:
    """A store, which has the blobs of all releases and three files of each, gives the same result as a bundle."""
    sides, old, new = made
    store = tmp_path / "store"
    shutil.copytree(old / "blobs", store / "blobs")
    (store / f"{bundle_layout.BLOBS}/.half.part").write_bytes(b"")
    (store / "releases/2026.11.1").mkdir(parents=True)
    for name in (bundle_layout.RELEASE, bundle_layout.MANIFEST, bundle_layout.SIGNATURE):
        shutil.copy(old / name, store / "releases/2026.11.1")
    assert inventory.take_inventory(store, "here") == inventory.take_inventory(old, "here")
    sides.merge(parts, store, str(tmp_path / "joined"))
    assert tree(tmp_path / "joined") == tree(new)


def test_a_different_encoder_at_the_site_is_noted(made: tuple[Sides, Path, Path]) -> None:
    """If the site would pack other bytes, layers and packages are carried whole, and a note says why."""
    sides, old, new = made
    plan = sides.plan(new, old, encoders={"zstd-3": "0" * 64})
    assert len([note for note in plan.notes if "differs from this machine's" in note]) == 2
    assert {verify_bundle.read_release(new).artifacts[-2].id} == {"go:tool"}
    patched = {item.file.sha256 for item in plan.carried if item.patch}
    assert patched <= {a.sha256 for a in verify_bundle.read_release(new).artifacts if a.kind == "go"}


def test_a_base_that_the_site_lacks_is_named(made: tuple[Sides, Path, Path], tmp_path: Path) -> None:
    """`delta --dry-run --against` names what the site lacks of a release, and prints the sizes."""
    sides, old, new = made
    thinner = shutil.copytree(old, tmp_path / "thinner")
    program = next(a for a in verify_bundle.read_release(old).artifacts if a.id == "go:tool")
    (thinner / bundle_layout.blob_path(program.sha256)).unlink()
    sides.inventory(thinner)
    site = f"{sides.site}.pub"
    inventory_file = str(sides.root / "here.inventory")
    words = ["bundle", "delta", str(new), "--inventory", inventory_file, "--site", site, "--dry-run"]
    words += ["--key", str(sides.key), "--against", str(old), "--split", "100kB", "--output", "json"]
    done = CliRunner().invoke(cli.build(["bundle"]), words)
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert any("lacks 1 blob of release 2026.11.1: go:tool" in note for note in facts["notes"])
    assert facts["delta"] < facts["full"]
    assert facts["media"] == -(-facts["delta"] // 100_000)


def test_a_dry_run_needs_no_publisher_s_key(
    made: tuple[Sides, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without a publisher's key prints the sizes, and that it did not verify the signature."""
    sides, old, new = made
    sides.inventory(old)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "empty"))
    words = ["bundle", "delta", str(new), "--inventory", str(sides.root / "here.inventory")]
    words += ["--site", f"{sides.site}.pub", "--output", "json"]
    done = CliRunner().invoke(cli.build(["bundle"]), [*words, "--dry-run"])
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert facts["delta"] < facts["full"]
    assert any("signature was not verified" in note for note in facts["notes"])
    refused = CliRunner().invoke(cli.build(["bundle"]), [*words, "--out", str(tmp_path / "delta")])
    assert isinstance(refused.exception, InputError)
    assert "publisher's key" in str(refused.exception)


def test_parts_can_be_read_one_by_one(made: tuple[Sides, Path, Path], parts: Path, tmp_path: Path) -> None:
    """With one drive, the same command reads one medium at a time; the last one completes the bundle."""
    sides, old, new = made
    joined = tmp_path / "joined"
    for part in sorted(parts.iterdir())[:-1]:
        with pytest.raises(ErrorList, match="is missing"):
            sides.merge(part, old, str(joined))
    sides.merge(max(parts.iterdir()), old, str(joined))
    assert tree(joined) == tree(new)


def test_a_medium_too_small_is_refused(made: tuple[Sides, Path, Path]) -> None:
    """A medium that cannot hold the signed headers is refused."""
    sides, old, new = made
    with pytest.raises(InputError, match="cannot hold the signed headers of the delta"):
        sides.delta(new, old, "none", 1000)
    assert not (sides.root / "none").exists()


def test_every_part_fits_its_medium(made: tuple[Sides, Path, Path], tmp_path: Path) -> None:
    """No part, with all of its files, is larger than the medium."""
    sides, old, new = made
    delta = sides.delta(new, old, str(tmp_path / "delta"), MEDIUM)
    sizes = [sum(file.stat().st_size for file in part.iterdir()) for part in delta.iterdir()]
    assert len(sizes) > 1
    assert max(sizes) <= MEDIUM


@pytest.mark.slow
def test_a_killed_merge_is_completed_by_the_next(made: tuple[Sides, Path, Path], tmp_path: Path) -> None:
    """A killed merge leaves either no bundle or all of it, and the next run completes it."""
    sides, chance = made[0], random.Random(9)  # noqa: S311  seeded on purpose
    first = replace(two_bundles.content(chance), text=b"")
    old, new = sides.bundle("first", first), sides.bundle("second", replace(first, program=b"another", version=2))
    parts = sides.delta(new, old, "second parts", MEDIUM)
    wanted, counted = tree(new), tmp_path / "counted"
    killed.run_until(0, lambda: sides.merge(parts, old, str(tmp_path / "undisturbed")), counted)
    total = int(counted.read_text())
    moments = random.Random(20).sample(range(1, total), KILLS)  # noqa: S311  seeded on purpose
    for moment in {*moments, *range(total - LAST, total)}:
        joined = tmp_path / f"joined-{moment}"
        status = killed.run_until(moment, lambda place=joined: sides.merge(parts, old, str(place)), counted)  # type: ignore[misc]
        assert status == -signal.SIGKILL
        assert not joined.exists() or tree(joined) == wanted
        sides.merge(parts, old, str(joined))
        assert tree(joined) == wanted
        assert not list(tmp_path.glob(f".{joined.name}.*"))
