"""Work that rendering does once, however many hosts and tenants a site has; benchmarks/scale.py measures the times."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import jinja2
import pytest

from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core import digest
from bedplate.render import role_tree
from bedplate.render.host_specs import host_specs
from factories.host_release import release_file
from factories.render_site import EmptyCache, make_site


def _large(folder: Path, workers: int) -> Site:
    site = make_site(folder)
    more = [
        Host.model_validate({"name": f"more{number}", "address": f"198.18.7.{100 + number}", "groups": ("workers",)})
        for number in range(workers)
    ]
    return Site(site.folder, site.environment, (*site.hosts, *more))


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the compiled templates and the role files that are read."""
    done: Counter[str] = Counter()
    compiled, parsed = jinja2.Environment.compile, role_tree._parsed

    def count_compile(self: jinja2.Environment, *words: Any, **named: Any) -> Any:
        done["templates compiled"] += 1
        return compiled(self, *words, **named)

    def count_parse(path: Path) -> Any:
        done["files read"] += 1
        return parsed(path)

    monkeypatch.setattr(jinja2.Environment, "compile", count_compile)
    monkeypatch.setattr(role_tree, "_parsed", count_parse)
    return done


def test_more_hosts_need_no_more_templates_and_files(
    catalog: Catalog, tmp_path: Path, work: Counter[str], empty_cache: EmptyCache
) -> None:
    """Ten times the workers compile as many templates and read as many files as one worker."""
    counts = []
    for workers in (0, 0, 10):  # texts without a file are compiled once for all; the first round does it
        empty_cache()
        work.clear()
        host_specs(_large(tmp_path, workers), catalog.release, catalog.components, release_file(catalog))
        counts.append(dict(work))
    assert counts[1] == counts[2]
    assert counts[1]["files read"]


def test_hosts_that_did_not_change_are_not_rendered_again(catalog: Catalog, tmp_path: Path, work: Counter[str]) -> None:
    """Each host has its own entry in the cache: after a new worker, it and the control plane are rendered.

    The control plane approves requests of the nodes that its spec lists.
    """
    release = release_file(catalog)
    before = host_specs(_large(tmp_path, 5), catalog.release, catalog.components, release)
    work.clear()
    assert host_specs(_large(tmp_path, 5), catalog.release, catalog.components, release) == before
    assert set(work) == {"templates compiled"}  # of the inputs, which the key is made of
    after = host_specs(_large(tmp_path, 6), catalog.release, catalog.components, release)
    changed = {spec.host for spec in after if spec not in before}
    assert changed == {"cp1", after[-1].host}


def test_a_hosts_spec_does_not_grow_with_the_site(catalog: Catalog, tmp_path: Path) -> None:
    """A worker's spec has the same size among two hosts as among twenty."""
    sizes = set()
    for workers in (0, 20):
        specs = host_specs(_large(tmp_path, workers), catalog.release, catalog.components, release_file(catalog))
        sizes |= {len(digest.canonical(spec.model_dump(mode="json"))) for spec in specs if spec.host == "worker1"}
    assert len(sizes) == 1
