"""A release of given components, with its cache in the test's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.kinds import source_kinds
from bedplate.artifacts.source_kind import Context
from bedplate.config.component import Component, Hosts, Image
from bedplate.config.release import Release, ToolchainVersions
from bedplate.config.release_lock import Entry, Lock

EPOCH = 1793491200


def component(name: str = "tool", **fields: Any) -> Component:
    """Return a component in the layer `hosts`."""
    return Component(name=name, version="1.0", summary="A tiny one", layer="hosts", **fields)


def host_component(packages: list[str]) -> Component:
    """Return a component with packages on hosts."""
    return component("tools", hosts=Hosts(packages=packages))


def image(**fields: Any) -> Image:
    """Return an image."""
    return Image(**{"name": "registry.lab.bedplate.test/tool", "tag": "v1", **fields})


def context(folder: Path, *components: Component, entries: list[Entry] | None = None, **fields: Any) -> Context:
    """Return the context of a release of some components, whose folders are in the test's folder."""
    release = Release(
        version="2026.1.0",
        toolchain=ToolchainVersions(go="1", node="1"),
        epoch=EPOCH,
        components={component.name: component.version for component in components},
    )
    sets = fields.pop("sets", {})
    return Context(
        release=release,
        release_folder=folder / "release",
        components={component.name: component for component in components},
        folders={component.name: folder / component.name for component in components},
        cache=Cache(folder / "cache"),
        lock=Lock(release=release.version, entries=entries or [], sets=sets),
        kinds=source_kinds(),
        **fields,
    )
