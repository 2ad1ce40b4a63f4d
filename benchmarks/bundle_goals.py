"""The measurements of bundles, and their goals."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import bundle_peers
import image_set
import rebuild_cost
import sparse_bundles
from local_registry import LocalRegistry, await_pullable, serving
from paired import Goal, rounds, table, times_faster
from timed_process import bedplate

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
    """Measure pushing images into a registry, and verifying a bundle, over the same images."""
    made = image_set.make(root, chosen.release, int(chosen.size * 1e9))
    own = len(made.layouts) - made.made_up
    print(
        f"{len(made.layouts)} images, {human(made.size)}: {own} of release {chosen.release}, {made.made_up} generated"
    )
    ways = {
        LINKS: lambda: _pullable(made, root, _link),
        PUSH: lambda: _pullable(made, root, _push),
        CRANE: lambda: _pullable(made, root, bundle_peers.crane_one_by_one),
        CRANE_TOGETHER: lambda: _pullable(made, root, bundle_peers.crane_together, repository=bundle_peers.TOGETHER),
        SKOPEO: lambda: _pullable(made, root, bundle_peers.skopeo),
    }
    taken = rounds(ways, chosen.rounds)
    print(f"Time from a verified store until the last image can be pulled\n{table(taken)}")
    for peer in (CRANE, SKOPEO):
        yield Goal(f"{LINKS} against {peer}", times_faster(taken, LINKS, peer), 10)
    yield Goal(f"{PUSH} against {CRANE}", times_faster(taken, PUSH, CRANE), 1)
    for way in (LINKS, PUSH):  # not the same work: nothing can be pulled by its own name afterwards
        print(f"  {way} against {CRANE_TOGETHER}: {times_faster(taken, way, CRANE_TOGETHER):.2f}×")  # noqa: RUF001
    yield from verifying(made, chosen.rounds)


def verifying(made: image_set.ImageSet, count: int) -> Iterator[Goal]:
    """Measure verifying every byte of a bundle."""
    files = [path for path in made.bundle.rglob("*") if path.is_file()]
    ways: dict[str, Callable[[], float]] = {
        VERIFY: lambda: bedplate("bundle", "verify", made.bundle, "--publisher", made.publisher).seconds,
        OPENSSL: lambda: bundle_peers.openssl(files),
    }
    for way in ways.values():
        way()  # fill the page cache, so that neither waits for the disk
    taken = rounds(ways, max(count, 5))
    size = human(sum(file.stat().st_size for file in files))
    print(f"Every byte of the bundle ({size}), from the page cache\n{table(taken)}")
    yield Goal(f"{VERIFY} against {OPENSSL}", times_faster(taken, VERIFY, OPENSSL), 0.8)


def changing(chosen: argparse.Namespace, root: Path) -> Iterator[Goal]:
    """Measure building again after one component changed."""
    cost = rebuild_cost.measure(root, chosen.release)
    print(
        f"One component of a release with {cost.artifacts} artifacts changed: {', '.join(cost.made)} built again;"
        f" {cost.seconds:.1f} s with the completeness proof and the signature, {cost.unchanged:.1f} s without a change"
    )
    yield Goal("artifacts of the changed component built again", len(cost.made) - len(cost.foreign), 1, unit="")
    yield Goal("artifacts of other components built again", len(cost.foreign), 0, unit="", at_most=True)


def remembering(chosen: argparse.Namespace, root: Path) -> Iterator[Goal]:
    """Measure the memory that a large bundle takes."""
    for command, peak in sparse_bundles.peaks(root, int(chosen.sparse * 1e9)).items():
        yield Goal(f"memory of {command}, bundle of {chosen.sparse:g} GB", peak / 1e6, 300, unit=" MB", at_most=True)


PARTS: dict[str, Part] = {"pushing": pushing, "changing": changing, "memory": remembering}


def _pullable(
    made: image_set.ImageSet,
    root: Path,
    bring: Callable[[image_set.ImageSet, LocalRegistry], None],
    repository: str = "",
) -> float:
    """Return the seconds until all images are in an empty registry and can be pulled."""
    last = [(repository, f"sha256:{a.sha256}") if repository else _named(a.image) for a in made.release.artifacts]
    with serving(root, made.release.release) as registry:
        started = time.monotonic()
        bring(made, registry)
        await_pullable(registry, last)
        return time.monotonic() - started


def _named(image: str) -> tuple[str, str]:
    repository, _, tag = bundle_peers.name_of(image).rpartition(":")
    return repository, tag


def _link(made: image_set.ImageSet, registry: LocalRegistry) -> None:
    """Link the images as `bedplate apply` does on the bastion."""
    blobs = made.store / BLOBS
    ensure_tree(registry.folder, registry_tree(store_releases(made.store), blobs), blobs)


def _push(made: image_set.ImageSet, registry: LocalRegistry) -> None:
    bedplate("mirror", "push", made.store, f"http://{registry.name}")


def main() -> int:
    """Run the chosen measurements, and print each goal with its result."""
    parser = argparse.ArgumentParser(
        description="Compare the speed of bundles with programs that people use for the same tasks."
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--release", default="", help="a release that was built here (default: the newest)")
    parser.add_argument("--size", type=float, default=2, help="GB of images (default: %(default)s)")
    parser.add_argument("--sparse", type=float, default=20, help="GB of the sparse bundle (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of pushing (default: %(default)s)")
    chosen = parser.parse_args()
    chosen.release = chosen.release or image_set.newest_built()
    if unknown := set(chosen.parts) - PARTS.keys():
        parser.error(f"unknown part {min(unknown)}")
    print(f"{os.cpu_count()} cores; {bundle_peers.versions()}", flush=True)
    goals: list[Goal] = []
    for part in chosen.parts or PARTS:
        with Cache().scratch() as root:
            goals += PARTS[part](chosen, root)
    print("\n".join(map(str, goals)))
    return 0 if all(goal.holds for goal in goals) else 1
