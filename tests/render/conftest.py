"""Fixtures: the release in this repository, rendered for an environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bedplate.artifacts import find_program
from bedplate.artifacts.load_release import load_release
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.render import objects, render_cache
from bedplate.render.rendered import RenderedObject
from factories import unavailable
from factories.real_hub import unpack_wheels
from factories.render_site import RELEASE, EmptyCache, make_site


@pytest.fixture(scope="session", autouse=True)
def _session_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let fixtures of the session and of modules render into a cache of their own, which begins empty."""
    with pytest.MonkeyPatch.context() as patch:
        own = tmp_path_factory.mktemp("rendered")
        patch.setattr(render_cache, "folder", lambda: own)
        yield


@pytest.fixture(autouse=True)
def empty_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> EmptyCache:
    """Let each test render into an empty cache; the function that is returned gives it another one."""

    def empty() -> None:
        own = tmp_path_factory.mktemp("rendered")
        monkeypatch.setattr(render_cache, "folder", lambda: own)

    empty()
    return empty


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """Return the release in this repository."""
    return load_release(RELEASE)


@pytest.fixture(scope="session")
def wheels(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the unpacked wheels of the hub's image."""
    return unpack_wheels(catalog, tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return the environment of these tests."""
    return make_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def digests(catalog: Catalog) -> dict[str, str]:
    """Return a digest for every image of the release."""
    images = [f"{image.name}:{image.tag}" for one in catalog.components.values() for image in one.images]
    return {image: f"{number:064x}" for number, image in enumerate(images)}


@pytest.fixture(scope="session")
def kustomize(catalog: Catalog) -> Path:
    """Return the release's kustomize; `make test` builds it, and quick tests are skipped without it."""
    try:
        return find_program.find_program("kustomize", "kustomize", catalog)
    except BedplateError as error:
        unavailable(str(error))


@pytest.fixture(scope="session")
def rendered(site: Site, catalog: Catalog, digests: dict[str, str]) -> list[RenderedObject]:
    """Return every object of the environment."""
    return objects.render_objects(site, catalog, digests)
