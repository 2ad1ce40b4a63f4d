"""Rendering is a pure function: equal inputs give equal bytes, in whatever order folders are listed.

Every test renders into an empty cache; otherwise the second rendering would only be read from the first.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.core import digest
from bedplate.render import objects
from bedplate.render.host_specs import host_specs
from bedplate.render.rendered import RenderedObject
from factories import ROOT
from factories.host_release import release_file
from factories.render_site import ENVIRONMENT, EmptyCache, make_site

RENDER = """
import sys
from bedplate.cli import main
sys.argv = ["bedplate", "render", *sys.argv[1:]]
main()
"""


def lines(rendered: list[RenderedObject]) -> bytes:
    """Return what `bedplate render` prints."""
    return b"\n".join(one.line() for one in rendered)


def spec_lines(site: Site, catalog: Catalog) -> bytes:
    """Return what `bedplate render --hosts` prints."""
    specs = host_specs(site, catalog.release, catalog.components, release_file(catalog))
    return b"\n".join(digest.canonical(spec.model_dump(mode="json")) for spec in specs)


def test_twice_gives_the_same_bytes(
    site: Site, catalog: Catalog, digests: dict[str, str], rendered: list[RenderedObject]
) -> None:
    """The same site rendered again gives the same bytes."""
    assert lines(objects.render_objects(site, catalog, digests)) == lines(rendered)


def test_hosts_twice_give_the_same_bytes(site: Site, catalog: Catalog, empty_cache: EmptyCache) -> None:
    """The same hosts rendered again give the same bytes."""
    first = spec_lines(site, catalog)
    empty_cache()
    assert spec_lines(site, catalog) == first


@pytest.mark.parametrize("options", [[], ["--hosts"]])
def test_another_process_gives_the_same_bytes(tmp_path: Path, options: list[str]) -> None:
    """Hashes of strings, the working folder, the language and the time zone differ; the output is the same."""
    outputs = set()
    for number, zone in enumerate(("UTC", "Asia/Kathmandu")):
        folder = tmp_path / str(number)
        folder.mkdir()
        own = {"PYTHONHASHSEED": str(number + 1), "TZ": zone, "LC_ALL": ("C", "C.UTF-8")[number], "HOME": str(folder)}
        env = {**os.environ, **own, "BEDPLATE_CACHE": str(folder), "PYTHONPATH": str(ROOT / "installer")}
        words = [sys.executable, "-c", RENDER, str(ROOT / "inventory/lab"), *options]
        outputs.add(subprocess.run(words, env=env, cwd=folder, check=True, capture_output=True).stdout)
    assert len(outputs) == 1
    assert outputs != {b""}


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
    """A new tenant adds objects in its namespaces; of the others, only lists of tenants and their readers change."""
    tenant = {"name": "genomics", "owner": "g@site.bedplate.test", "namespaces": [{"name": "genomics"}]}
    after = objects.render_objects(make_site(tmp_path, tenants=[*ENVIRONMENT["tenants"], tenant]), catalog, digests)
    before = {one.identity: one.line() for one in rendered}
    added = [one for one in after if one.identity not in before]
    assert {one.identity.namespace or one.identity.name for one in added} == {"genomics"}
    assert set(before) <= {one.identity for one in after}
    changed = {str(one.identity) for one in after if one not in added and one.line() != before[one.identity]}
    read = {"core/ConfigMap/monitoring/alertmanager", "core/ConfigMap/notebooks/hub"}
    assert changed == read | {"apps/StatefulSet/monitoring/alertmanager", "apps/Deployment/notebooks/hub"}


def test_objects_survive_json(rendered: list[RenderedObject]) -> None:
    """Objects are plain JSON: written and read again, they are equal."""
    for one in rendered:
        assert digest.canonical(one.object).decode().isprintable()
