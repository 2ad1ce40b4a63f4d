"""The cache of rendering: whatever changes, what comes out of a full cache is what an empty one would give."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.component import Component
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.config.release import Release
from bedplate.core import digest, paths
from bedplate.render import objects, render_cache
from bedplate.render.host_specs import host_specs
from factories import ROOT
from factories.host_release import release_file
from factories.render_site import EmptyCache, make_site

IMAGE = "registry.test/app:1"
TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: app, namespace: kube-system}
data:
  image: registry.test/app:1
  text: {{ file("text") | json }}
  hosts: {{ hosts | map(attribute="name") | join(" ") | json }}
  domain: {{ site.api }}
  authority: {{ ca | json }}
  version: {{ component.version | json }}
  others: {{ components | length }}
  epoch: {{ release.epoch }}
"""
TENANT = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: app-{{ tenant.name }}, namespace: kube-system}
"""


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that objects are rendered from."""

    site: Site
    catalog: Catalog
    digests: dict[str, str]

    @property
    def folder(self) -> Path:
        """Return the component's folder."""
        return self.catalog.folders["app"]

    def lines(self) -> list[bytes]:
        """Return the rendered objects."""
        return [one.line() for one in objects.render_objects(self.site, self.catalog, self.digests)]


def _inputs(folder: Path) -> Inputs:
    source = folder / "app"
    (source / "tenant").mkdir(parents=True)
    (source / "app.yaml.j2").write_text(TEMPLATE)
    (source / "tenant/app.yaml.j2").write_text(TENANT)
    (source / "text").write_text("first")
    release = Release.model_validate(
        {"version": "1", "toolchain": {"go": "1", "node": "1"}, "epoch": 0, "components": {"app": "1"}}
    )
    app = Component.model_validate({"name": "app", "summary": "a test", "layer": "foundation", "version": "1"})
    return Inputs(make_site(folder), Catalog(release, folder, {"app": app}, {"app": source}), {IMAGE: "a" * 64})


def _write(name: str, text: str) -> Callable[[Inputs], Inputs]:
    def change(inputs: Inputs) -> Inputs:
        (inputs.folder / name).write_text(text)
        return inputs

    return change


def _catalog(**fields: object) -> Callable[[Inputs], Inputs]:
    """Change fields of the release or, with the prefix component_, of the component."""
    own = {name.removeprefix("component_"): value for name, value in fields.items() if name.startswith("component_")}
    others = {name: value for name, value in fields.items() if not name.startswith("component_")}

    def change(inputs: Inputs) -> Inputs:
        app = inputs.catalog.components["app"].model_copy(update=own)
        release = inputs.catalog.release.model_copy(update=others)
        return replace(inputs, catalog=replace(inputs.catalog, release=release, components={"app": app}))

    return change


def _another_host(inputs: Inputs) -> Inputs:
    new = Host.model_validate({"name": "worker2", "address": "198.18.7.13", "groups": ("workers",)})
    return replace(inputs, site=replace(inputs.site, hosts=(*inputs.site.hosts, new)))


def _another_domain(inputs: Inputs) -> Inputs:
    environment = inputs.site.environment.model_copy(update={"domain": "other.test"})
    return replace(inputs, site=replace(inputs.site, environment=environment))


def _another_authority(inputs: Inputs) -> Inputs:
    (inputs.site.folder / "pki").mkdir()
    (inputs.site.folder / "pki/ca.crt").write_text("another")
    return inputs


def _another_digest(inputs: Inputs) -> Inputs:
    return replace(inputs, digests={IMAGE: "b" * 64})


CHANGES: dict[str, Callable[[Inputs], Inputs]] = {
    "a template": _write("app.yaml.j2", TEMPLATE + "  more: text\n"),
    "a tenant's template": _write("tenant/app.yaml.j2", TENANT + "data: {a: b}\n"),
    "a file that a template reads": _write("text", "second"),
    "a new template": _write("new.yaml.j2", TENANT.replace("{{ tenant.name }}", "new")),
    "the environment": _another_domain,
    "a host": _another_host,
    "the authority": _another_authority,
    "an image's digest": _another_digest,
    "the component": _catalog(component_version="2"),
    "the release": _catalog(epoch=1),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_reaches_the_objects(tmp_path: Path, empty_cache: EmptyCache, what: str) -> None:
    """After a change, the cache that has the objects from before gives the same as an empty one."""
    inputs = _inputs(tmp_path)
    before = inputs.lines()
    changed = CHANGES[what](inputs)
    cached = changed.lines()
    empty_cache()
    assert cached == changed.lines()
    assert cached != before


def test_an_unchanged_component_is_not_rendered_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second rendering of equal inputs reads the cache."""
    inputs = _inputs(tmp_path)
    before = inputs.lines()
    monkeypatch.setattr(objects, "_render_component", None)
    assert inputs.lines() == before


def _edit(name: str) -> Callable[[Path, ReleaseFile], ReleaseFile]:
    def change(roles: Path, release: ReleaseFile) -> ReleaseFile:
        (roles / name).write_text((roles / name).read_text() + "# changed\n")
        return release

    return change


def _another_program(_: Path, release: ReleaseFile) -> ReleaseFile:
    changed = [a.model_copy(update={"sha256": "f" * 64}) if a.kind == "go" else a for a in release.artifacts]
    return release.model_copy(update={"artifacts": changed})


HOST_CHANGES: dict[str, Callable[[Path, ReleaseFile], ReleaseFile]] = {
    "a role's template": _edit("time/templates/etc/chrony/chrony.conf.j2"),
    "a program's digest": _another_program,
}


@pytest.mark.parametrize("what", HOST_CHANGES)
def test_a_change_reaches_the_hosts(
    site: Site, catalog: Catalog, tmp_path: Path, empty_cache: EmptyCache, what: str
) -> None:
    """After a change, the cache that has the hosts from before gives the same as an empty one."""
    shutil.copytree(ROOT / "roles", tmp_path / "roles")
    with paths.use_tree(tmp_path):
        release = release_file(catalog)
        before = _spec_lines(site, catalog, release)
        changed = HOST_CHANGES[what](tmp_path / "roles", release)
        cached = _spec_lines(site, catalog, changed)
        empty_cache()
        assert cached == _spec_lines(site, catalog, changed)
        assert cached != before


def _spec_lines(site: Site, catalog: Catalog, release: ReleaseFile) -> list[bytes]:
    specs = host_specs(site, catalog.release, catalog.components, release)
    return [digest.canonical(spec.model_dump(mode="json")) for spec in specs]


def test_the_cache_keeps_the_newest_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond twice the number of entries to keep, the oldest are removed until that number is left."""
    monkeypatch.setattr(render_cache, "MAX_ENTRIES", 2)
    monkeypatch.setattr(render_cache, "TRIMMED_AT", "")
    for number in range(4):
        render_cache.kept_or_made(str(number), list)
        os.utime(render_cache.folder() / str(number), (number, number))
    assert {path.name for path in render_cache.folder().iterdir()} == {"0", "1", "2", "3"}
    render_cache.kept_or_made("4", list)
    assert {path.name for path in render_cache.folder().iterdir()} == {"3", "4"}


def test_an_entry_is_its_owners_and_is_made_again_if_damaged() -> None:
    """Nobody else reads what was rendered, and a value that does not have its own digest is not used."""
    values = iter(("first", "second"))
    assert [render_cache.kept_or_made("key", lambda: next(values)) for _ in range(2)] == ["first", "first"]
    path = render_cache.folder() / "key"
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(path.read_bytes().replace(b"first", b"other"))
    assert [render_cache.kept_or_made("key", lambda: next(values)) for _ in range(2)] == ["second", "second"]


def test_only_now_and_then_the_cache_is_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Listing the folder takes longer than rendering; only some keys do it."""
    monkeypatch.setattr(render_cache, "MAX_ENTRIES", 1)
    for name in ("1", "2", "3", "01"):
        render_cache.kept_or_made(name, list)
    assert len(list(render_cache.folder().iterdir())) == 4
    render_cache.kept_or_made("001", list)
    assert len(list(render_cache.folder().iterdir())) == 1


def test_the_code_that_renders_is_part_of_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another line or name of a module of the installer, or another version of a library, makes other keys."""
    module = tmp_path / "bedplate/render/render_cache.py"
    module.parent.mkdir(parents=True)
    other = tmp_path / "bedplate/core/one.py"
    other.parent.mkdir()
    (tmp_path / "beside.py").touch()
    other.write_text("one")
    monkeypatch.setattr(render_cache, "__file__", str(module))
    read = render_cache.renderer_digest.__wrapped__
    found = [read()]
    other.write_text("two")
    found.append(read())
    other = other.rename(other.with_name("two.py"))
    found.append(read())
    monkeypatch.setattr(render_cache, "version", lambda name: f"1 of {name}")
    found.append(read())
    assert len(set(found)) == 4
    (tmp_path / "beside.py").write_text("changed")
    assert read() == found[-1]


def test_acceptance_tests_change_no_key(tmp_path: Path) -> None:
    """They lie next to a component's templates, and are never rendered; every other file counts, with its path."""
    for name in ("a.yaml.j2", "test_a.py", "more/b.txt", "__pycache__/c.pyc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    files = [tmp_path / "a.yaml.j2", tmp_path / "more/b.txt"]
    assert render_cache.file_digests([tmp_path]) == [[str(path), digest.of_file(path)] for path in files]
