"""Every kind of source, by the lock's word for it."""

from __future__ import annotations

from bedplate.model.lock import Entry, Output
from bedplate.sources.deb import DebSource
from bedplate.sources.file import File
from bedplate.sources.go import Go
from bedplate.sources.image import ImageSource
from bedplate.sources.npm import Npm
from bedplate.sources.source import Context, Source, obtain
from bedplate.sources.wheel import WheelSource

SOURCES: dict[str, Source] = {
    "file": File(),
    "npm": Npm(),
    "go": Go(),
    "deb": DebSource(),
    "wheel": WheelSource(),
    "image": ImageSource(),
}
"""In the order in which they are resolved: a Go program may embed what npm built, an image holds all the others."""


def make(entry: Entry, context: Context) -> Output:
    """Return an entry's artifact, from the cache or made now."""
    return obtain(SOURCES[entry.kind], entry, context)
