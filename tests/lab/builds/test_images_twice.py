from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bedplate.artifacts import kinds
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.image.image_build import build_image
from bedplate.artifacts.image.image_source import declared_images
from bedplate.artifacts.image.rootfs import machine_root
from bedplate.artifacts.load_release import load_release
from bedplate.artifacts.relock import relock
from bedplate.artifacts.source_kind import Context, fetch_or_build
from bedplate.config.release_lock import Entry, Output

RELEASE = "2026.11.0"


@pytest.fixture(scope="module")
def first() -> Context:
    """Return the release, locked as it can be built today, with this machine's cache."""
    context = kinds.build_context(load_release(RELEASE), Cache())
    return context.with_lock(relock(context).lock)


@pytest.fixture(scope="module")
def again(first: Context) -> Iterator[Context]:
    """Yield the same release with a cache that has its artifacts and packages, but no layer, root or image."""
    with first.cache.scratch() as folder:
        cache = Cache(folder)
        for entry in first.lock.entries:
            if entry.kind != "image":
                _share(fetch_or_build(entry, first), entry, first.cache, cache)
        yield replace(first, cache=cache)


def _share(output: Output, entry: Entry, old: Cache, new: Cache) -> None:
    blob = new.blob(output.sha256)
    blob.parent.mkdir(parents=True, exist_ok=True)
    if not blob.exists():
        blob.hardlink_to(old.blob(output.sha256))
    new.remember(entry.recipe, output)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_layer_and_image_is_the_same_twice(first: Context, again: Context) -> None:
    """Every image of the release, built a second time in an empty cache, has the same digest and layers."""
    images = declared_images(first)
    assert images
    for name, (component, image) in images.items():
        before, after = build_image(image, component, first), build_image(image, component, again)
        assert (name, again.cache.image_blobs(after.sha256)) == (name, first.cache.image_blobs(before.sha256))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_machine_is_the_same_twice(first: Context, again: Context) -> None:
    """The root file system of the lab's machines, built a second time, is the same."""
    assert machine_root(again) == machine_root(first)
