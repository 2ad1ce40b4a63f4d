"""Finding the newest release."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.config import catalog
from bedplate.core import paths
from bedplate.core.errors import InputError

RELEASE = """\
version: {version}
draft: {draft}
toolchain: {{go: "1", node: "1"}}
epoch: 1793491200
components: {{}}
"""


def _write(tree: Path, **drafts: bool) -> None:
    for name, draft in drafts.items():
        version = name.removeprefix("v").replace("_", ".")
        folder = tree / "releases" / version
        folder.mkdir(parents=True)
        (folder / "release.yaml").write_text(RELEASE.format(version=version, draft=str(draft).lower()))


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty tree, the only one in the search path."""
    monkeypatch.setattr(paths, "SOURCE", tmp_path)
    monkeypatch.delenv("BEDPLATE_TREES", raising=False)
    return tmp_path


def test_versions_are_ordered_by_their_numbers(tree: Path) -> None:
    """2026.11.0 is newer than 2026.9.0."""
    _write(tree, v2026_9_0=False, v2026_11_0=False)
    assert catalog.newest() == "2026.11.0"


def test_a_draft_is_not_proposed(tree: Path) -> None:
    """A release in preparation is considered only on request."""
    _write(tree, v2026_11_0=False, v2026_11_1=True)
    assert (catalog.newest(), catalog.newest(drafts=True)) == ("2026.11.0", "2026.11.1")


def test_a_draft_counts_if_there_is_nothing_else(tree: Path) -> None:
    """If the only release is in preparation, it is the newest."""
    _write(tree, v2026_11_1=True)
    assert catalog.newest() == "2026.11.1"


@pytest.mark.usefixtures("tree")
def test_a_tree_without_releases_is_an_error() -> None:
    """The error says where a release belongs."""
    with pytest.raises(InputError, match="has no release") as caught:
        catalog.newest()
    assert "create releases/VERSION/release.yaml" in str(caught.value)
