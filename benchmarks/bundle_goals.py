"""What is measured of the bundle, and the goals that it is measured against."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import change
import images
import peers
import sparse
from paired import Goal, rounds, table, times_faster
from process import bedplate
from registry import Registry, await_pullable, serving

from bedplate.artifacts.cache import Cache
from bedplate.config.bundle_layout import BLOBS
from bedplate.core.file_tree import ensure_tree
from bedplate.core.sizes import human
from bedplate.store.mirror_tree import store_releases
from bedplate.store.registry_tree import registry_tree

LINKS, PUSH = "hard links", "bedplate mirror push"
CRANE, CRANE_TOGETHER, SKOPEO = "crane push, one by one", "crane push --index, all into one repository", "skopeo copy"
VERIFY, OPENSSL = "bedplate bundle verify", "openssl dgst -sha256 on all cores"
Part = Callable[[argparse.Namespace, Path], Iterator[Goal]]


def pushing(chosen: argparse.Namespace, root: Path) -> Iterator[Goal]:
    """Measure the way of images into a registry, and the proof of a bundle, over the same images."""
    made = images.make(root, chosen.release, int(chosen.size * 1e9))
    own = len(made.layouts) - made.made_up
    print(f"{len(made.layouts)} images, {human(made.size)}: {own} of release {chosen.release}, {made.made_up} made up")
    ways = {
        LINKS: lambda: _pullable(made, root, _link),
        PUSH: lambda: _pullable(made, root, _push),
        CRANE: lambda: _pullable(made, root, peers.crane_one_by_one),
        CRANE_TOGETHER: lambda: _pullable(made, root, peers.crane_together, repository=peers.TOGETHER),
        SKOPEO: lambda: _pullable(made, root, peers.skopeo),
    }
    taken = rounds(ways, chosen.rounds)
    print(f"From a verified store to the last image being pullable\n{table(taken)}")
    for peer in (CRANE, SKOPEO):
        yield Goal(f"{LINKS} against {peer}", times_faster(taken, LINKS, peer), 10)
    yield Goal(f"{PUSH} against {CRANE}", times_faster(taken, PUSH, CRANE), 1)
    for way in (LINKS, PUSH):  # not the same work: nothing can be pulled by its own name afterwards
        print(f"  {way} against {CRANE_TOGETHER}: {times_faster(taken, way, CRANE_TOGETHER):.2f}×")  # noqa: RUF001
    yield from verifying(made, chosen.rounds)


def verifying(made: images.Images, count: int) -> Iterator[Goal]:
    """Measure the proof of every byte of a bundle."""
    files = [path for path in made.bundle.rglob("*") if path.is_file()]
    ways: dict[str, Callable[[], float]] = {
        VERIFY: lambda: bedplate("bundle", "verify", made.bundle, "--publisher", made.publisher).seconds,
        OPENSSL: lambda: peers.openssl(files),
    }
    for way in ways.values():
        way()  # so that neither waits for the disk
    taken = rounds(ways, max(count, 5))
    print(
        f"Every byte of the bundle ({human(sum(file.stat().st_size for file in files))}), out of memory\n{table(taken)}"
    )
    yield Goal(f"{VERIFY} against {OPENSSL}", times_faster(taken, VERIFY, OPENSSL), 0.8)


def changing(chosen: argparse.Namespace, root: Path) -> Iterator[Goal]:
    """Measure what building again costs after one component was changed."""
    cost = change.measure(root, chosen.release)
    print(
        f"One component of a release with {cost.artifacts} artifacts changed: {', '.join(cost.made)} made again;"
        f" {cost.seconds:.1f} s with the proof and the signature, {cost.unchanged:.1f} s with nothing changed"
    )
    yield Goal("artifacts of the changed component made again", len(cost.made) - len(cost.foreign), 1, unit="")
    yield Goal("artifacts of other components made again", len(cost.foreign), 0, unit="", at_most=True)


def remembering(chosen: argparse.Namespace, root: Path) -> Iterator[Goal]:
    """Measure the memory that a large bundle takes."""
    for command, peak in sparse.peaks(root, int(chosen.sparse * 1e9)).items():
        yield Goal(f"memory of {command}, bundle of {chosen.sparse:g} GB", peak / 1e6, 300, unit=" MB", at_most=True)


PARTS: dict[str, Part] = {"pushing": pushing, "changing": changing, "memory": remembering}


def _pullable(
    made: images.Images, root: Path, bring: Callable[[images.Images, Registry], None], repository: str = ""
) -> float:
    """Return the seconds in which images come into an empty registry and can be pulled from it."""
    last = [(repository, f"sha256:{a.sha256}") if repository else _named(a.image) for a in made.release.artifacts]
    with serving(root, made.release.release) as registry:
        started = time.monotonic()
        bring(made, registry)
        await_pullable(registry, last)
        return time.monotonic() - started


def _named(image: str) -> tuple[str, str]:
    repository, _, tag = peers.name_of(image).rpartition(":")
    return repository, tag


def _link(made: images.Images, registry: Registry) -> None:
    """Do what `bedplate apply` does on the bastion."""
    blobs = made.store / BLOBS
    ensure_tree(registry.folder, registry_tree(store_releases(made.store), blobs), blobs)


def _push(made: images.Images, registry: Registry) -> None:
    bedplate("mirror", "push", made.store, f"http://{registry.name}")


def main() -> int:
    """Measure what was asked for and print each goal with what came out."""
    parser = argparse.ArgumentParser(
        description="How fast the bundle is, against the programs people use for the same."
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--release", default="", help="a release that was built here (default: the newest one)")
    parser.add_argument("--size", type=float, default=2, help="GB of images (default: %(default)s)")
    parser.add_argument("--sparse", type=float, default=20, help="GB of the sparse bundle (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of pushing (default: %(default)s)")
    chosen = parser.parse_args()
    chosen.release = chosen.release or images.newest_built()
    if unknown := set(chosen.parts) - PARTS.keys():
        parser.error(f"there is no part {min(unknown)}")
    print(f"{os.cpu_count()} cores; {peers.versions()}", flush=True)
    goals: list[Goal] = []
    for part in chosen.parts or PARTS:
        with Cache().scratch() as root:
            goals += PARTS[part](chosen, root)
    print("\n".join(map(str, goals)))
    return 0 if all(goal.holds for goal in goals) else 1
