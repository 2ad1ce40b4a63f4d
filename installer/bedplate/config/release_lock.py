"""The model of release.lock: every artifact of a release with its digest (JSON, generated, reviewed like code)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from functools import cached_property

from pydantic import Field

from bedplate.config.base import Model

WIDTH = 60


class Output(Model):
    """The expected output of a build."""

    sha256: str = Field(description="digest of the file; for an image, of its manifest")
    size: int = Field(description="bytes")


class Entry(Model):
    """One artifact."""

    id: str = Field(description="kind:name, unique in the release")
    kind: str = Field(description="source kind")
    pin: dict[str, str] = Field(description="what identifies the input: versions, integrity, digests of lock files")
    recipe: str = Field("", description="sha256 over pins, toolchain, flags, patches and the inputs' recipes")
    output: Output | None = Field(None, description="absent until `bundle build --record` fills it in")
    component: str = Field("", description="the component that declares it")

    @property
    def name(self) -> str:
        """Return the id without the kind."""
        return self.id.partition(":")[2]


def set_name(kind: str, roots: Iterable[str]) -> str:
    """Return the name of the set that holds some packages of a kind and all that they need."""
    return f"{kind}:{','.join(sorted(set(roots)))}"


def short_set_name(name: str) -> str:
    """Return the name or the roots of a set as few words of a message."""
    return textwrap.shorten(name.replace(",", " "), WIDTH, placeholder=" …")


class Lock(Model):
    """The file release.lock."""

    format: int = Field(1, description="version of this file's format")
    release: str = Field(description="the release's version")
    entries: list[Entry] = Field(description="sorted by id")
    sets: dict[str, list[str]] = Field(
        description="package closures: 'deb:<roots>' or 'wheel:<requirements>' to entry ids, in install order"
    )

    @cached_property
    def by_id(self) -> dict[str, Entry]:
        """Return the entries by id."""
        return {entry.id: entry for entry in self.entries}
