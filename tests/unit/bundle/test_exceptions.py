"""The exceptions that a bundle's components declare."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.artifacts.cache import Cache
from bedplate.bundle.exceptions import MAX_BYTES, declared_exceptions
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core.errors import BedplateError
from factories import tiny_bundle

FILES = {
    "manifests/volumes/component.yaml": "allow: [{image: 'a/b:1', reason: it is never pulled}]\n",
    "installer/bedplate/distributions/rhel/component.yaml": "allow: [{rpm: 'a: b', reason: never called}]\n",
    "manifests/plain/component.yaml": "name: plain\n",
    "manifests/volumes/files/component.yaml": "allow: [{image: 'no/no:1', reason: another file of that name}]\n",
    "tests/data/x/manifests/y/component.yaml": "allow: [{image: 'no/no:1', reason: a test's}]\n",
    "manifests/old/component.yaml": "allow: [{wheel: 'app: absent', reason: unused}]\n",
    "trees/site/manifests/agent/component.yaml": "allow: [{deb: 'web: absent', reason: only a hint}]\n",
}


def _exceptions(tmp_path: Path, files: dict[str, str]) -> list[dict[str, str]]:
    made = Cache(tmp_path / "cache").add_bytes(tiny_bundle.tar(files))
    blob = tmp_path / "bundle" / bundle_layout.blob_path(made.sha256)
    blob.parent.mkdir(parents=True)
    blob.hardlink_to(Cache(tmp_path / "cache").blob(made.sha256))
    return declared_exceptions(
        tmp_path / "bundle", ReleaseFile(release="1", installer=made.sha256, artifacts=[], sets={})
    )


def test_exceptions_are_read_from_the_installer_inside(tmp_path: Path) -> None:
    """Each exception has its component, kind and reason, even in an older release; other files are ignored."""
    assert _exceptions(tmp_path, FILES) == [
        {"component": "agent", "kind": "deb", "what": "web: absent", "reason": "only a hint"},
        {"component": "old", "kind": "wheel", "what": "app: absent", "reason": "unused"},
        {"component": "rhel", "kind": "rpm", "what": "a: b", "reason": "never called"},
        {"component": "volumes", "kind": "image", "what": "a/b:1", "reason": "it is never pulled"},
    ]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("allow: [" + " " * MAX_BYTES + "]\n", "is larger than"),
        ("allow: [{image: 'a/b:1'}]\n", "cannot be read"),
        ("allow: [nothing]\n", "cannot be read"),
        ("[]\n", "cannot be read"),
        ("allow: {\n", "cannot be read"),
    ],
)
def test_an_exception_that_cannot_be_read_is_an_error(tmp_path: Path, text: str, fact: str) -> None:
    """A component file that cannot be read is an error, so that no exception is missed."""
    with pytest.raises(BedplateError, match=rf"member 'manifests/a/component.yaml' of .* {fact}"):
        _exceptions(tmp_path, {"manifests/a/component.yaml": text})
