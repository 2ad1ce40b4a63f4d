"""Every kind of source, by the lock's word for it."""

from __future__ import annotations

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.deb.deb_source import DebSource
from bedplate.artifacts.file.file_source import FileSource
from bedplate.artifacts.go.go_source import GoSource
from bedplate.artifacts.image.image_source import ImageSource
from bedplate.artifacts.npm.npm_source import NpmSource
from bedplate.artifacts.source import Context, Source, fetch_or_build
from bedplate.artifacts.wheel.wheel_source import WheelSource
from bedplate.config.catalog import Catalog
from bedplate.config.release_lock import Entry, Lock, Output

SOURCES: dict[str, Source] = {
    "file": FileSource(),
    "npm": NpmSource(),
    "go": GoSource(),
    "deb": DebSource(),
    "wheel": WheelSource(),
    "image": ImageSource(),
}
"""In the order in which they are resolved: a Go program may embed what npm built, an image holds all the others."""


def build_context(catalog: Catalog, cache: Cache, lock: Lock | None = None) -> Context:
    """Return the context for building a release from its lock."""
    return Context(
        release=catalog.release,
        release_folder=catalog.folder,
        components=catalog.components,
        folders=catalog.folders,
        cache=cache,
        lock=lock or catalog.lock(),
        sources=SOURCES,
    )


def fetch_or_build_entry(entry: Entry, context: Context) -> Output:
    """Return an entry's artifact, from the cache or made now."""
    return fetch_or_build(SOURCES[entry.kind], entry, context)
