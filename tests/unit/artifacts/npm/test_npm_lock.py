from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bedplate.artifacts.declared import declared_artifacts
from bedplate.artifacts.npm.npm_artifact import NpmArtifact
from bedplate.artifacts.npm.npm_source import _is_volatile, _own_files, _without_hosts
from bedplate.artifacts.tarball import TarEntry
from bedplate.core.errors import InputError
from factories.tiny_release import component, context

URL = "https://registry.example.org/a.tgz"


@pytest.mark.parametrize(
    ("package", "kept"),
    [
        ({"version": "1", "resolved": URL, "integrity": "sha512-x"}, {"version": "1", "integrity": "sha512-x"}),
        ({"version": "1", "integrity": "sha512-x", "funding": URL}, {"version": "1", "integrity": "sha512-x"}),
        ({"resolved": "packages/a", "link": True}, {"resolved": "packages/a", "link": True}),
        ({"version": "1", "inBundle": True}, {"version": "1", "inBundle": True}),
    ],
)
def test_lock_names_no_host(package: dict[str, Any], kept: dict[str, Any]) -> None:
    """The committed package-lock.json pins by integrity and leaves the registry to the machine's settings."""
    assert _without_hosts({"packages": {"": {}, "node_modules/a": package}})["packages"]["node_modules/a"] == kept


def test_package_without_integrity_is_refused() -> None:
    """A package from a git address has no integrity, so nothing would pin its content."""
    with pytest.raises(InputError, match="node_modules/a has no integrity in the lock"):
        _without_hosts({"packages": {"node_modules/a": {"version": "1", "resolved": "git+ssh://example.org/a"}}})


def test_own_page_is_read_from_the_components_folder(tmp_path: Path) -> None:
    """A page's own sources are inputs; what npm installed next to them is not."""
    artifact = NpmArtifact(id="page", kind="npm", path="page")
    for name in ("page/package.json", "page/src/main.js", "page/node_modules/a/index.js", "other.txt"):
        path = tmp_path / "tool" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    one = declared_artifacts(context(tmp_path, component(artifacts=[artifact])), NpmArtifact)[0]
    assert _own_files(one) == ["page/package.json", "page/src/main.js"]


@pytest.mark.parametrize(
    ("name", "volatile"),
    [(".package-lock.json", True), ("a/.cache/x", True), ("a/package.json", False), ("a/.bin/tool", False)],
)
def test_traces_of_the_machine_are_left_out(name: str, volatile: bool) -> None:  # noqa: FBT001
    """Notes of npm itself name the registry that it contacted: they are not part of the artifact."""
    assert _is_volatile(TarEntry(name)) is volatile
