"""Snapshots that must be rendered: a git revision, an environment, a bundle."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from bedplate.artifacts.load_release import load_release
from bedplate.artifacts.release_contents import locked_release_file
from bedplate.core import digest, paths
from bedplate.diff.input.read_snapshots import read_pair, read_snapshot
from bedplate.render import render_cache
from factories import ROOT

pytestmark = pytest.mark.slow

RELEASE = "2026.11.0"


def _git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@test", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def _lay_out(folder: Path) -> None:
    for name in ("inventory", "manifests", "overlays", "releases", "roles", "stacks"):
        source = ROOT / name
        subprocess.run(["cp", "-r", str(source), str(folder / name)], check=True)


def test_a_revision_is_rendered_from_its_own_tree(folder: Path) -> None:
    """Environment, manifests, roles and release come from the revision, not from the working tree."""
    _lay_out(folder)
    _git(folder, "init", "-q")
    _git(folder, "add", ".")
    _git(folder, "commit", "-qm", "one")
    template = next((folder / "manifests/coredns").glob("*.yaml.j2"))
    template.write_text(template.read_text().replace("namespace: kube-system", "namespace: kube-public"))
    roles = folder / "roles/site.yml"
    roles.write_text(roles.read_text() + "\n# later\n")
    _git(folder, "commit", "-qam", "two")
    (folder / "inventory/lab/environment.yaml").write_text("broken: [\n")
    old, new = read_pair("HEAD~1:lab", "HEAD:inventory/lab")
    moved = {key[1:] for key in new.resources.keys() - old.resources.keys()}
    assert moved
    assert {namespace for _, namespace, _ in moved} == {"kube-public"}
    assert old.hosts == new.hosts
    assert set(old.hosts) == {"bastion", "cp1", "worker1"}
    assert {str(one.location).partition(":")[0] for one in old.resources.values()} == {"HEAD~1"}
    assert old.kubernetes == old.release.components["kubernetes"] if old.release else False
    assert any("pki/ca.crt" in note for note in old.notes)


def test_an_environment_is_read_on_any_machine(folder: Path) -> None:
    """Without a bundle, HostSpecs and digests of images come from the lock."""
    snapshot = read_snapshot(str(ROOT / "inventory/lab"))
    assert snapshot.environment is not None
    assert snapshot.environment.name == "lab"
    assert all(facts.digest.startswith("sha256:") for facts in snapshot.images.values())
    assert snapshot.hosts["worker1"].binaries
    assert snapshot.blobs == {}, "the cache of this test is empty: nothing is known about sizes"
    assert folder


def _bundle(folder: Path) -> Path:
    """Create the part of a bundle that a diff reads: release file, installer, manifests of images."""
    release = load_release(RELEASE)
    blobs = folder / "bundle/blobs/sha256"
    blobs.mkdir(parents=True)
    with tarfile.open(folder / "installer.tar", "w") as tar:
        for name in ("manifests", "overlays", "releases", "roles", "stacks"):
            tar.add(ROOT / name, name)
    sha256 = digest.of_file(folder / "installer.tar")
    (folder / "installer.tar").rename(blobs / sha256)
    file = locked_release_file(release, release.lock()).model_copy(update={"installer": sha256})
    manifest = {"config": {"digest": "sha256:c", "size": 5}, "layers": [{"digest": "sha256:l", "size": 700}]}
    for artifact in file.artifacts:
        if artifact.image:
            (blobs / artifact.sha256).write_text(json.dumps(manifest))
    (folder / "bundle/release.json").write_text(file.model_dump_json())
    (folder / "bundle/oci-layout").write_text("{}")
    return folder / "bundle"


def test_a_bundle_is_its_release_for_the_reference_site(folder: Path) -> None:
    """A bundle is rendered with its own manifests, and has the sizes of its images."""
    snapshot = read_snapshot(str(_bundle(folder)))
    assert snapshot.environment is not None
    assert snapshot.environment.name == "reference"
    assert snapshot.release is not None
    assert snapshot.release.version == RELEASE
    facts = next(iter(snapshot.images.values()))
    assert max(facts.blobs.values()) == 700
    assert {"sha256:c", "sha256:l"} < snapshot.blobs.keys()
    assert len(snapshot.resources) > 50


def test_another_tree_is_used_only_for_a_while(folder: Path) -> None:
    """Afterwards, the installer's own tree is used again."""
    with paths.use_tree(folder):
        assert paths.source_tree() == folder
        assert paths.search_path() == [folder]
    assert paths.source_tree() == paths.SOURCE


def test_renderings_are_cached_and_damaged_entries_ignored(folder: Path) -> None:
    """A cached rendering is not rendered again, unless its entry is damaged."""
    made: list[int] = []

    def make() -> list[int]:
        made.append(1)
        return [1]

    assert [render_cache.kept_or_made("key", make), render_cache.kept_or_made("key", make), len(made)] == [[1], [1], 1]
    entry = render_cache.folder() / "key"
    for content in (b"", entry.read_bytes()[:-1], entry.read_bytes()[:64], b"\xff"):
        entry.write_bytes(content)
        before = len(made)
        assert render_cache.kept_or_made("key", make) == [1]
        assert len(made) == before + 1
    assert folder
