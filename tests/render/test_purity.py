"""Rendering is a pure function: equal inputs give equal bytes, in whatever order folders are listed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.core import digest
from bedplate.render import objects
from bedplate.render.rendered import RenderedObject
from factories.render_site import ENVIRONMENT, make_site


def lines(rendered: list[RenderedObject]) -> bytes:
    """Return what `bedplate render` prints."""
    return b"\n".join(one.line() for one in rendered)


def test_twice_gives_the_same_bytes(
    site: Site, catalog: Catalog, digests: dict[str, str], rendered: list[RenderedObject]
) -> None:
    """The same site rendered again gives the same bytes."""
    assert lines(objects.render_objects(site, catalog, digests)) == lines(rendered)


def test_order_of_directory_entries_does_not_matter(
    site: Site,
    catalog: Catalog,
    digests: dict[str, str],
    rendered: list[RenderedObject],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """File systems list folders in any order; the output is the same."""
    listed = Path.glob

    def shuffled(self: Path, pattern: str) -> list[Path]:
        found = list(listed(self, pattern))
        random.Random(7).shuffle(found)  # noqa: S311  an order, not a secret
        return found

    monkeypatch.setattr(Path, "glob", shuffled)
    assert lines(objects.render_objects(site, catalog, digests)) == lines(rendered)


def test_a_new_tenant_changes_only_its_own_objects(
    tmp_path: Path, catalog: Catalog, digests: dict[str, str], rendered: list[RenderedObject]
) -> None:
    """A new tenant adds objects in its namespace, and removes none."""
    tenant = {"name": "genomics", "owner": "g@site.bedplate.test", "namespaces": [{"name": "genomics"}]}
    after = objects.render_objects(make_site(tmp_path, tenants=[*ENVIRONMENT["tenants"], tenant]), catalog, digests)
    before = {one.identity: one.line() for one in rendered}
    added = [one for one in after if one.identity not in before]
    assert {one.identity.namespace or one.identity.name for one in added} == {"genomics"}
    assert set(before) <= {one.identity for one in after}


def test_objects_survive_json(rendered: list[RenderedObject]) -> None:
    """Objects are plain JSON: written and read again, they are equal."""
    for one in rendered:
        assert digest.canonical(one.object).decode().isprintable()
