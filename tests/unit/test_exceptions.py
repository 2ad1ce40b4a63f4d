"""What a bundle deliberately lacks is told by the bundle itself."""

from __future__ import annotations

from pathlib import Path

import tiny_bundle

from bedplate.bundle import layout
from bedplate.bundle.exceptions import exceptions
from bedplate.bundle.layout import ReleaseFile
from bedplate.sources.cache import Cache

FILES = {
    "manifests/volumes/component.yaml": "allow: [{image: 'a/b:1', reason: it is never pulled}]\n",
    "manifests/plain/component.yaml": "name: plain\n",
    "manifests/volumes/files/component.yaml": "allow: [{image: 'no/no:1', reason: another file of that name}]\n",
    "tests/data/x/manifests/y/component.yaml": "allow: [{image: 'no/no:1', reason: a test's}]\n",
    "trees/site/manifests/agent/component.yaml": "allow: [{deb: 'web: absent', reason: only a hint}]\n",
}


def test_exceptions_are_read_from_the_installer_inside(tmp_path: Path) -> None:
    """Each has its component, its kind and its reason; files that only look so are left out."""
    made = Cache(tmp_path / "cache").add_bytes(tiny_bundle.tar(FILES))
    blob = tmp_path / "bundle" / layout.blob(made.sha256)
    blob.parent.mkdir(parents=True)
    blob.hardlink_to(Cache(tmp_path / "cache").blob(made.sha256))
    release = ReleaseFile(release="1", installer=made.sha256, artifacts=[], sets={})
    assert exceptions(tmp_path / "bundle", release) == [
        {"component": "agent", "kind": "deb", "what": "web: absent", "reason": "only a hint"},
        {"component": "volumes", "kind": "image", "what": "a/b:1", "reason": "it is never pulled"},
    ]
