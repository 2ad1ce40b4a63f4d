"""Find the source kinds: each folder of this package is one."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import NoReturn

from bedplate import artifacts
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.ecosystem import Ecosystem
from bedplate.artifacts.source_kind import Context, SourceKind
from bedplate.config.catalog import Catalog
from bedplate.config.component import AllowedReference
from bedplate.config.release_lock import Lock
from bedplate.core.errors import InputError


def kind_names() -> list[str]:
    """Return the name of every source kind, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(artifacts.__path__) if module.ispkg)


def load_declarations() -> None:
    """Import <kind>_artifact.py of each kind that has one, so that component.yaml can name the kinds."""
    AllowedReference.package_kinds.update(kind_names())
    for kind in kind_names():
        if find_spec(f"{artifacts.__name__}.{kind}.{kind}_artifact"):
            import_module(f"{artifacts.__name__}.{kind}.{kind}_artifact")


@cache
def source_kinds() -> Mapping[str, SourceKind]:
    """Return every source kind by its name, in the order in which artifacts are locked and made."""
    kinds: dict[str, SourceKind] = {
        kind: import_module(f"{artifacts.__name__}.{kind}.{kind}_source").SOURCE_KIND for kind in kind_names()
    }

    def order(kind: str) -> tuple[int, int, str]:
        return kinds[kind].stage, depth(kind), kind

    def depth(kind: str) -> int:
        return max((1 + depth(needed) for needed in kinds[kind].needs), default=0)

    return _Kinds((kind, kinds[kind]) for kind in sorted(kinds, key=order))


class _Kinds(dict[str, SourceKind]):
    def __missing__(self, kind: str) -> NoReturn:
        hint = "use the installer of the release that has it, or correct its name"
        raise InputError(f"source kind {kind}", f"is not one of {', '.join(self)}", hint)


@cache
def ecosystems() -> Mapping[str, Ecosystem]:
    """Return every ecosystem of packages by its type in package URLs, in the order of the kinds."""
    known = (kind.ecosystem() for kind in source_kinds().values())
    return {ecosystem.purl_type: ecosystem for ecosystem in known if ecosystem}


def build_context(catalog: Catalog, cache: Cache, lock: Lock | None = None) -> Context:
    """Return the context for building a release from its lock."""
    return Context(
        release=catalog.release,
        release_folder=catalog.folder,
        components=catalog.components,
        folders=catalog.folders,
        cache=cache,
        lock=lock or catalog.lock(),
        kinds=source_kinds(),
    )
